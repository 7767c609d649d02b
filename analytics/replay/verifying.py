"""Many decisions made again, and those named that come out otherwise."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import msgspec
import numpy as np
import pyarrow as pa

from analytics.replay.comparison import Compared, differences, replayed
from analytics.replay.course import Course, InForce, Ints
from analytics.replay.features import Known
from analytics.replay.first_look import remarkable
from analytics.replay.stored import Unreadable, decisions_of
from data_contracts.decision import Decision

NAMED_MAX = 10
_NO_ROWS = np.zeros(0, np.int64)
FEW = 16  # So many are sooner made again one by one than looked at together.

Tell = Callable[[int], None]


class Different(msgspec.Struct, frozen=True, kw_only=True):
    """A decision that comes out otherwise: where it stands, and in what."""

    cell: int
    position: int
    tenant: str
    transaction_id: str
    fields: tuple[Compared, ...]


@dataclass(slots=True)
class Tally:
    """How many were verified, and the first that differ."""

    verified: int = 0
    differences: int = 0
    first: list[Different] = field(default_factory=list)

    def count(self, stored: Decision | Unreadable, fields: Sequence[Compared]) -> None:
        """Count one."""
        self.verified += 1
        if fields:
            self.differences += 1
            if len(self.first) < NAMED_MAX:
                self.first.append(_different(stored, fields))


def _different(stored: Decision | Unreadable, fields: Sequence[Compared]) -> Different:
    transaction = stored if isinstance(stored, Unreadable) else stored.transaction
    return Different(
        cell=stored.cell,
        position=stored.position,
        tenant=transaction.tenant,
        transaction_id=transaction.transaction_id,
        fields=tuple(fields),
    )


def verify(
    parts: Iterable[pa.Table],
    course: Course,
    tally: Tally,
    tell: Tell,
    computed: Known | None = None,
) -> None:
    """Make the decisions of a cell again, in order of position, on frozen or computed features."""
    for part in parts:
        for rules, told, stored in _looked_at(part, course, all_closely=computed is not None):
            tally.verified += told
            for each in stored:
                tally.count(each, _differences(each, rules, computed))
        tell(len(part))


def _looked_at(
    rows: pa.Table, course: Course, *, all_closely: bool
) -> Iterator[tuple[InForce, int, Sequence[Decision | Unreadable]]]:
    """The rules in force in order, how many decisions under them are right, and all others.

    Rows that control records part into small pieces are read together.
    """
    positions = rows.column("position").to_numpy()
    stretches = course.stretches(positions)
    few = len(rows) + 1 if all_closely else FEW
    pieces = [np.arange(begin, end) for begin, end in stretches if end - begin < few]
    read = decisions_of(_taken(rows, np.concatenate([_NO_ROWS, *pieces])))
    done = 0
    for begin, end in stretches:
        rules, many = course.at(int(positions[begin])), end - begin
        if many < few:
            yield rules, 0, read[done : done + many]
            done += many
        else:
            some = rows.slice(begin, many)
            others = remarkable(some, rules)
            yield rules, many - len(others), decisions_of(_taken(some, others))


def _taken(rows: pa.Table, places: Ints | Sequence[int]) -> pa.Table:
    return rows.take(pa.array(places, pa.int64()))


def _differences(
    stored: Decision | Unreadable, rules: InForce, computed: Known | None
) -> Sequence[Compared]:
    if isinstance(stored, Unreadable):
        return [Compared(field="row", stored=stored.reason, replayed=None)]
    seen = None if computed is None else computed.seen(stored.position, rules)
    return differences(stored, replayed(stored, rules, seen))
