"""What seals and reads the chain, wherever it is kept."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Protocol

from runtime.audit.chain import Link, Record

SOURCES = ("ledger", "casework")
"""The rooms whose schema has a table of notes; the chain itself stands with the books."""

NOTES_MAX = 2_000
LAST = 2**63 - 1


class Chain(Protocol):
    """Notes wait until they are sealed; then they stand in the chain, and nowhere else."""

    def seal(self, key: bytes, now: Callable[[], datetime]) -> Sequence[Record]:
        """Move notes that wait into the chain, at most `NOTES_MAX` of each room."""

    def end(self) -> Link:
        """Where the chain ends."""

    def link(self, count: int) -> Link:
        """The end of the chain as it was with so many records; that record may be gone."""

    def unsealed(self) -> int:
        """How many notes wait."""

    def records(self, first: int = 1, last: int = LAST) -> Iterator[Record]:
        """The records from one number to another."""
