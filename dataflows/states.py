"""States of a flow as files, each written by a copy of the process while the flow goes on.

A copy made by the operating system (`fork`) shares all memory until one of the two changes it: so
it takes milliseconds, and sees the state as it was however long it needs to write it.
"""

import os
import pickle
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkstemp
from threading import Lock
from typing import Any, NoReturn

SECONDS_MAX = 600  # A copy that needs longer is ended.
NICENESS = 10  # What keeps the traffic going comes first.
_FIRST_OF_OURS = 3  # Descriptors before it are those of every process.
_UNKNOWN = 255
_FILE = "file"
_WAIT = 0

State = dict[str, Any] | None  # None is a flow's beginning.


class StateNotKept(RuntimeError):
    """A state could not be written: a restart goes on from the one before."""


class StateMissing(RuntimeError):
    """The recovery store names a state that is not there."""


@dataclass(slots=True)
class Copy:
    """A copy of the process that writes."""

    process: int
    path: Path
    code: int | None = None
    asked: Lock = field(default_factory=Lock)  # By the source and by the step.

    def has_ended(self, how: int = os.WNOHANG) -> bool:
        """Whether it is done, well or not."""
        with self.asked:
            if self.code is None:
                process, status = os.waitpid(self.process, how)
                self.code = os.waitstatus_to_exitcode(status) if process else None
            return self.code is not None

    def finished(self) -> State:
        """The name of the file, once all of it is on the disk."""
        self.has_ended(_WAIT)
        if self.code:
            self.path.unlink(missing_ok=True)
            raise StateNotKept(f"{self.path} could not be written: {_reason(self.code)}.")
        return {_FILE: self.path.name}


def _reason(code: int) -> str:
    if code == -signal.SIGALRM:
        return f"it took more than {SECONDS_MAX} s"
    if code < 0:
        return f"the writing process was ended by signal {-code}"
    return "the writing process failed" if code == _UNKNOWN else os.strerror(code)


@dataclass(frozen=True, slots=True)
class States:
    """A folder of states; a state is told of by the name of its file."""

    folder: Path
    copies: list[Copy] = field(default_factory=list)

    @classmethod
    def at(cls, folder: Path) -> "States":
        """The folder, made where there is none."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return cls(folder)

    def begin(self, name: str, make: Callable[[], State]) -> Copy:
        """Keep what `make` would make now; it is called in the copy."""
        descriptor, path = mkstemp(prefix=f"{name}.", dir=self.folder)
        process = os.fork()
        if not process:
            _write(descriptor, self.folder, make)
        os.close(descriptor)
        self.copies.append(copy := Copy(process, Path(path)))
        return copy

    def are_written(self) -> bool:
        """Whether there is nothing left of what was begun."""
        for copy in list(self.copies):
            if copy.has_ended():
                self.copies.remove(copy)
        return not self.copies

    def load(self, told: State) -> State:
        """The state of which was told, or what was told itself where it is no file."""
        if told is None or _FILE not in told:
            return told
        path = self.folder / told[_FILE]
        try:
            with path.open("rb") as file:
                found: State = pickle.load(file)  # noqa: S301  (written by `begin`, in our own folder)
        except FileNotFoundError:
            raise StateMissing(
                f"{path} is missing, and the recovery store beside it goes on from there. Restore "
                "both together, or remove both: then the log is read again from its beginning, to "
                "the same decisions."
            ) from None
        return found

    def remove(self, told: State) -> None:
        """Let go of a state, if it is a file."""
        if told is not None and _FILE in told:
            (self.folder / told[_FILE]).unlink(missing_ok=True)

    def clear(self, name: str, told: State) -> None:
        """Let go of all states of that name but one: a process that is gone left them."""
        kept = None if told is None else told.get(_FILE)
        for path in self.folder.glob(f"{name}.*"):
            if path.name != kept:
                path.unlink(missing_ok=True)


def _write(descriptor: int, folder: Path, make: Callable[[], State]) -> NoReturn:
    """Write and end; nothing of what the process has open is touched, nor any lock held on to."""
    code = _UNKNOWN
    try:
        signal.alarm(SECONDS_MAX)
        os.closerange(_FIRST_OF_OURS, descriptor)
        os.closerange(descriptor + 1, os.sysconf("SC_OPEN_MAX"))
        os.nice(NICENESS)
        with open(descriptor, "wb") as file:
            pickle.dump(make(), file, pickle.HIGHEST_PROTOCOL)
            file.flush()
            os.fsync(descriptor)
        _settle(folder)
        code = 0
    except OSError as problem:
        code = problem.errno or _UNKNOWN
    finally:
        os._exit(code)


def _settle(folder: Path) -> None:
    """Make the names of a folder's files outlast a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)
