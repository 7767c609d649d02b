"""What the audit chain is told of a batch: counts, positions, and a hash of each table's rows.

The bytes that are hashed are the very lines that `rows` makes: a JSON array for each row, in the
columns' order there, a line feed behind. `audit_rows` makes them again.
"""

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, TypeVar

import msgspec

from ledger.values import Effects

if TYPE_CHECKING:
    from hashlib import _Hash

Item = TypeVar("Item")

POSTINGS, ENDS, BEGINNING = "postings", "ends", "beginning"


class Rows(msgspec.Struct, frozen=True):
    """How many rows of a table a batch added, and the SHA-256 of their lines."""

    count: int
    sha256: str


class Batch(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The body of a record of a batch; `ended` are the events whose holds it ended, in order."""

    cell: int
    first: int | None = None
    last: int | None = None
    rows: dict[str, Rows]
    ended: tuple[str, ...] = ()


class Witness:
    """Sees the lines of a batch on their way into the tables."""

    def __init__(self) -> None:
        """Nothing is seen yet."""
        self.digests: dict[str, _Hash] = {}

    def seeing(self, table: str, parts: Iterable[bytes]) -> Iterator[bytes]:
        """Hand the parts on."""
        for lines in parts:
            self.digests.setdefault(table, sha256()).update(lines)
            yield lines

    def told(self, effects: Effects, cell: int) -> dict[str, str] | None:
        """The note of a batch, or None where it booked nothing."""
        counts = {
            "outcomes": len(effects.settlements),
            "transfers": len(effects.transfers),
            "holds": len(effects.holds),
            "resolutions": len(effects.resolved),
            "corrections": len(effects.corrections),
            "conflicts": len(effects.conflicts),
        }
        rows = {
            table: Rows(counts[table], digest.hexdigest()) for table, digest in self.digests.items()
        }
        if not rows:
            return None
        positions = _positions(effects)
        batch = Batch(
            cell=cell,
            first=min(positions, default=None),
            last=max(positions, default=None),
            rows=rows,
            ended=tuple(item.hold.movement.event_id.hex() for item in effects.resolved),
        )
        kind = POSTINGS if positions else ENDS
        return {"kind": kind, "actor": "posting", "body": msgspec.json.encode(batch).decode()}


def _positions(effects: Effects) -> list[int]:
    """The outermost ones: settlements and conflicts each stand in order."""
    settled = [item.arrival.movement.position for item in _ends_of(effects.settlements)]
    return settled + [item.position for item in _ends_of(effects.conflicts)]


def _ends_of(items: Sequence[Item]) -> tuple[Item, ...]:
    return (items[0], items[-1]) if items else ()
