"""The chain in memory: the twin of Postgres for tests, and nothing that lasts."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from runtime.audit.chain import Link, Note, Record, chained
from runtime.audit.ports import LAST, NOTES_MAX, SOURCES


@dataclass(slots=True)
class MemoryStore:
    """Everything that the tables would hold."""

    waiting: dict[str, list[Note]] = field(default_factory=lambda: {name: [] for name in SOURCES})
    chain: dict[int, Record] = field(default_factory=dict)

    def note(self, note: Note) -> None:
        """Let something wait that happened."""
        self.waiting[note.source].append(note)

    def seal(self, key: bytes, now: Callable[[], datetime]) -> Sequence[Record]:
        """Move notes that wait into the chain, at most `NOTES_MAX` of each room."""
        notes = [note for waiting in self.waiting.values() for note in waiting[:NOTES_MAX]]
        if not notes:
            return ()
        notes.sort(key=lambda note: note.noted_at)
        records = chained(notes, self.end(), now(), key)
        for waiting in self.waiting.values():
            del waiting[:NOTES_MAX]
        self.chain.update({record.seq: record for record in records})
        return records

    def end(self) -> Link:
        """Where the chain ends."""
        return self.link(max(self.chain, default=0))

    def link(self, count: int) -> Link:
        """The end of the chain as it was with so many records; that record may be gone."""
        record = self.chain.get(count)
        return Link(count, record.hash) if record else Link(count)

    def unsealed(self) -> int:
        """How many notes wait."""
        return sum(map(len, self.waiting.values()))

    def records(self, first: int = 1, last: int = LAST) -> Iterator[Record]:
        """The records from one number to another."""
        return (self.chain[seq] for seq in sorted(self.chain) if first <= seq <= last)
