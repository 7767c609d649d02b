"""Where checkpoints go: a file beside the data, and elsewhere by URL."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

from runtime.audit.checkpoints import FILE, Checkpoint, append, read


class Found(NamedTuple):
    """A checkpoint, and where it stands."""

    where: str
    checkpoint: Checkpoint


class Place(Protocol):
    """Somewhere outside of the database."""

    @property
    def name(self) -> str:
        """What people call it."""

    def add(self, checkpoint: Checkpoint) -> None:
        """Return when it is kept; `OSError` where it cannot be."""

    def found(self) -> Iterator[Found]:
        """Every checkpoint in order of count; what is not one has none."""


@dataclass(frozen=True, slots=True)
class File:
    """Lines of a file in a folder."""

    folder: Path
    name: str = FILE

    def add(self, checkpoint: Checkpoint) -> None:
        """Add a line."""
        append(self.folder, checkpoint)

    def found(self) -> Iterator[Found]:
        """Every whole line."""
        for number, checkpoint in enumerate(read(self.folder), 1):
            yield Found(f"line {number} of {FILE}", checkpoint)


def elsewhere(url: str) -> Place:
    """Objects under `s3://bucket/folder` or `file:///folder`; `ValueError` where it is no URL."""
    # Arrow takes 43 MB, which only who wants this needs.
    from runtime.audit.objects import Objects  # noqa: PLC0415

    return Objects.at(url)
