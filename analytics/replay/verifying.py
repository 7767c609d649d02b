"""Many decisions made again, and those named that come out otherwise."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import msgspec
import numpy as np
import pyarrow as pa

from analytics.replay.comparison import Compared, differences, replayed
from analytics.replay.course import Course, InForce
from analytics.replay.features import Known
from analytics.replay.first_look import remarkable
from analytics.replay.stored import Unreadable, decisions_of
from data_contracts.decision import Decision

NAMED_MAX = 10
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
        for rows, rules in _under_same_rules(part, course):
            some = rows if computed is not None else _worth_a_look(rows, rules)
            tally.verified += len(rows) - len(some)
            for stored in decisions_of(some):
                tally.count(stored, _differences(stored, rules, computed))
        tell(len(part))


def _under_same_rules(rows: pa.Table, course: Course) -> Iterator[tuple[pa.Table, InForce]]:
    """The rows in order, as many at once as no control record stands between."""
    positions = rows.column("position").to_numpy()
    begin = 0
    while begin < len(rows):
        rules, last = course.at(int(positions[begin])), course.lasts_until()
        end = len(rows) if last is None else int(np.searchsorted(positions, last, "right"))
        yield rows.slice(begin, end - begin), rules
        begin = end


def _worth_a_look(rows: pa.Table, rules: InForce) -> pa.Table:
    """What has to be made again one by one."""
    return rows if len(rows) < FEW else rows.take(pa.array(remarkable(rows, rules), pa.int64()))


def _differences(
    stored: Decision | Unreadable, rules: InForce, computed: Known | None
) -> Sequence[Compared]:
    if isinstance(stored, Unreadable):
        return [Compared(field="row", stored=stored.reason, replayed=None)]
    seen = None if computed is None else computed.seen(stored.position, rules)
    return differences(stored, replayed(stored, rules, seen))
