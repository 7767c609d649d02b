"""Checkpoints laid beside the records that they saw."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from runtime.audit.chain import Fault, Link, Record
from runtime.audit.checkpoints import Checkpoint, is_signed
from runtime.audit.places import Found


@dataclass(slots=True)
class Comparison:
    """Lays checkpoints beside the records as these go by; both stand in order of count.

    Only of a whole chain can be said that its tail is cut off.
    """

    checkpoints: Iterator[Found]
    public: Ed25519PublicKey
    before: Link = field(default_factory=Link)
    is_whole: bool = True
    matched: int = 0
    waiting: Found | None = None

    def beside(self, records: Iterable[Record], found: list[Fault]) -> Iterator[Record]:
        """Pass the records on; what the checkpoints have against them is found on the way."""
        end = self.before
        for record in records:
            found.extend(self._until(record))
            end = Link(record.seq, record.hash)
            yield record
        if self.is_whole:
            found.extend(self._behind(end))

    def _next(self) -> Found | None:
        found, self.waiting = self.waiting, None
        return found or next(self.checkpoints, None)

    def _until(self, record: Record) -> Iterator[Fault]:
        while (found := self._next()) is not None:
            checkpoint = found.checkpoint
            if not is_signed(checkpoint, self.public):
                yield _unsigned(found)
            elif checkpoint.count > record.seq:
                self.waiting = found
                return
            elif checkpoint.count == record.seq:
                yield from self._compare(checkpoint, record)

    def _compare(self, checkpoint: Checkpoint, record: Record) -> Iterator[Fault]:
        if checkpoint.head == record.hash.hex():
            self.matched += 1
        else:
            yield Fault(
                record.seq,
                f"the checkpoint of {checkpoint.at} saw another record: the chain was rewritten",
            )

    def _behind(self, end: Link) -> Iterator[Fault]:
        while (found := self._next()) is not None:
            checkpoint = found.checkpoint
            if not is_signed(checkpoint, self.public):
                yield _unsigned(found)
            elif checkpoint.count > end.count:
                yield Fault(
                    end.count + 1,
                    f"the checkpoint of {checkpoint.at} saw {checkpoint.count} records, "
                    f"there are {end.count}: the tail is cut off",
                )
                return


def _unsigned(found: Found) -> Fault:
    return Fault(None, f"{found.where} is not signed by this stack")
