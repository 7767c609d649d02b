"""The logs of the stack's processes: their ends, and what is being added."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import TextIOWrapper
from pathlib import Path

from watchkeeper.errors import Failure
from watchkeeper.stack.folder import Folder
from watchkeeper.stack.servers.program import last_lines


def names(folder: Folder) -> list[str]:
    """Every process that has a log, however little it has written."""
    return sorted(path.stem for path in folder.logs.glob("*.log"))


def ends(folder: Folder, wanted: list[str], count: int) -> Iterator[tuple[str, str]]:
    """The last lines of each log, with its name before each; among several none that is empty."""
    for name in wanted:
        if len(wanted) > 1 and not folder.log(name).stat().st_size:
            continue
        for line in last_lines(folder.log(name), count).splitlines():
            yield name, line


def check(folder: Folder, wanted: str | None) -> list[str]:
    """The wanted name, or all of them where none was wanted."""
    known = names(folder)
    if wanted is None:
        return known
    if wanted not in known:
        raise Failure(
            f"There is no log of {wanted} in {folder.logs}.",
            f"These are there: {', '.join(known)}." if known else "Start a stack first.",
        )
    return [wanted]


@dataclass(slots=True)
class Tail:
    """What is added to a log from now on; goes on in the new file when the old one is put away."""

    path: Path
    file: TextIOWrapper = field(init=False)

    def __post_init__(self) -> None:
        """Go to the end."""
        self.file = self.path.open(errors="replace")
        self.file.seek(0, 2)

    def added(self) -> Iterator[str]:
        """The whole lines that came since the last call."""
        yield from self._rest()
        if self._is_put_away():
            self.file.close()
            self.file = self.path.open(errors="replace")
            yield from self._rest()

    def _rest(self) -> Iterator[str]:
        while True:
            start = self.file.tell()
            line = self.file.readline()
            if not line.endswith("\n"):
                self.file.seek(start)
                return
            yield line.rstrip("\n")

    def _is_put_away(self) -> bool:
        try:
            return self.path.stat().st_ino != os.fstat(self.file.fileno()).st_ino
        except FileNotFoundError:
            return False
