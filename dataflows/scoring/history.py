"""History: the accepted transactions of a cell before some position, in order, each once.

The archive holds them up to its mark; beyond it the decisions do, each with its transaction inside.
The log itself would also hold what is left out: copies, and what cannot be read. What was decided
is just what was accepted, and decisions leave in order of position; after a crash some of
them are sent again, and are dropped here because their position was passed.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple, Protocol, cast

import msgspec
import pyarrow as pa

from data_contracts.topics import Topic
from data_contracts.transaction import Transaction
from dataflows.scoring.archived_transactions import columns_for, transactions_of
from rules.expressions import tree
from rules.expressions.conditions import condition_of
from rules.expressions.names import Names
from rules.features.plan import Plan
from runtime.archive import Mark
from runtime.archive_rows import POSITION, ArchivedRows
from runtime.kafka import UNHURRIED, Reader, bounds, end_offset

NOTHING = -1  # The position before the first.
STRETCH = 100_000  # Positions of the archive that are read at once.
GROUP = "warming"
WAIT_SECONDS = 0.2


class HistoryGone(RuntimeError):
    """What came before is neither archived nor still among the decisions."""


class Stretch(NamedTuple):
    """Neighbours in the log; all that was accepted up to `until` has been read then."""

    until: int
    positions: Sequence[int]
    transactions: Sequence[Transaction]


class Past(Protocol):
    """What came before, wherever it is kept."""

    def read(self, after: int, until: int) -> Iterator[Stretch]:
        """What was accepted from behind one position up to another, as far as it is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the history of a cell is kept."""

    brokers: str
    decisions: Topic
    archive: Path
    cell: int


class _Decided(msgspec.Struct, gc=False):
    position: int
    transaction: Transaction


_decode = msgspec.json.Decoder(_Decided).decode


def fields_of(plan: Plan) -> tuple[str, ...]:
    """The fields of a transaction that the features of a plan look at."""
    trees = [condition_of(text, Names()) for text in plan.conditions]
    used = {name for found in trees for name in tree.fields_of(found)}
    return columns_for([*used, *plan.hashed, *plan.read])


@dataclass(slots=True)
class History:
    """Reads on from wherever one is; transactions of the archive have only the fields named."""

    place: Place
    fields: Sequence[str]
    reader: Reader | None = None
    ahead: deque[_Decided] = field(default_factory=deque)  # Read, and beyond what was asked for.

    def read(self, after: int, until: int) -> Iterator[Stretch]:
        """What was accepted from behind one position up to another, as far as it is there."""
        while self.reader is None and after < until:
            archived = ArchivedRows.open(self.place.archive)
            mark = None if archived is None else archived.mark(self.place.cell)
            if archived is None or mark is None or mark.position <= after:
                self.reader = self._reader(mark)
            else:
                last = min(after + STRETCH, until, mark.position)
                rows = archived.between(self.place.cell, after + 1, last, self.fields)
                yield Stretch(last, _positions(rows), transactions_of(rows, self.fields))
                after = last
        if self.reader is not None:
            yield from self._decided(self.reader, after, until)

    def _reader(self, mark: Mark | None) -> Reader:
        place = self.place
        start = None if mark is None else mark.next_offset
        reader = Reader.at(place.brokers, GROUP, place.decisions, place.cell, start, **UNHURRIED)
        low, _ = bounds(reader.consumer, place.decisions.name, place.cell)
        if low > (start or 0):
            reader.close()
            raise HistoryGone(
                f"{place.decisions.name}/{place.cell} begins at {low}, and only what came before "
                f"{start or 0} is archived: features cannot be filled. Restore the archive."
            )
        return reader

    def _decided(self, reader: Reader, after: int, until: int) -> Iterator[Stretch]:
        end = end_offset(reader.consumer, reader.topic, reader.partition)
        is_over = False
        while not is_over:
            known = after if not self.ahead else max(after, self.ahead[-1].position)
            batch = reader.poll(seconds=0.0 if self.ahead else WAIT_SECONDS)
            self.ahead += above(known, (message.value() for message in batch.messages))
            taken = list(takewhile(lambda item: item.position <= until, self.ahead))
            for _ in taken:
                self.ahead.popleft()
            is_over = bool(self.ahead) or reader.next_offset >= end
            if taken:
                after = taken[-1].position
                yield Stretch(
                    after,
                    [item.position for item in taken],
                    [item.transaction for item in taken],
                )

    def close(self) -> None:
        """Leave the broker."""
        if self.reader is not None:
            self.reader.close()


def above(position: int, values: Iterator[object]) -> Iterator[_Decided]:
    """Decisions at ever higher positions; what is no decision is left out, as in the archive."""
    for value in values:
        try:
            item = _decode(cast("bytes", value))
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue
        if item.position > position:
            position = item.position
            yield item


def _positions(rows: pa.Table) -> list[int]:
    found: list[int] = rows.column(POSITION).to_numpy().tolist()
    return found
