"""A program that can be started: its command, its surroundings, and how to see that it is ready."""

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from watchkeeper.errors import Failure

READY_SECONDS_MAX = 60.0
POLL_SECONDS = 0.02
LOG_LINES_SHOWN = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """Secrets stand in files or in the environment, never in the command.

    `is_ready` asks the program itself, quickly, and never raises.
    """

    name: str
    command: tuple[str, ...]
    is_ready: Callable[[], bool]
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path = Path("/")
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: int = 15


@contextmanager
def running(program: Program, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Keep a program running, ready at entry, for as long as the block lasts.

    Where the system can, the program also ends when this process is killed.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*_ends_with_us(), *program.command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=program.folder,
            env=dict(program.environment),
        )
    try:
        wait_until_ready(program, process, log)
        yield process
    finally:
        stop(process, program)


def wait_until_ready(program: Program, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return when the program answers; raise if it ends first or takes too long."""
    deadline = time.monotonic() + READY_SECONDS_MAX
    while not program.is_ready():
        if process.poll() is not None:
            raise Failure(
                f"{program.name} ended with code {process.returncode} before it was ready:\n"
                f"{last_lines(log)}",
                f"Read {log}.",
            )
        if time.monotonic() > deadline:
            raise Failure(
                f"{program.name} was not ready within {READY_SECONDS_MAX:g} s:\n{last_lines(log)}",
                f"Read {log}.",
            )
        time.sleep(POLL_SECONDS)


def stop(process: subprocess.Popen[bytes], program: Program) -> None:
    """Ask the program to end, and end it where it does not listen."""
    process.send_signal(program.stop_signal)
    try:
        process.wait(program.stop_seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def last_lines(log: Path, count: int = LOG_LINES_SHOWN) -> str:
    """The end of a log file, or a word that there is none."""
    if not log.exists():
        return "(no log yet)"
    return "\n".join(log.read_text(errors="replace").splitlines()[-count:]) or "(the log is empty)"


def _ends_with_us() -> tuple[str, ...]:
    setpriv = shutil.which("setpriv") if sys.platform == "linux" else None
    return (setpriv, "--pdeathsig", "KILL") if setpriv else ()
