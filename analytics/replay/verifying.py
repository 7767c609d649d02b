"""Many decisions made again, and those named that come out otherwise."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import msgspec

from analytics.replay.comparison import Compared, differences, replayed
from analytics.replay.course import Course
from analytics.replay.features import Known
from analytics.replay.stored import Unreadable
from data_contracts.decision import Decision

NAMED_MAX = 10

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
    parts: Iterable[Sequence[Decision | Unreadable]],
    course: Course,
    tally: Tally,
    tell: Tell,
    computed: Known | None = None,
) -> None:
    """Make the decisions of a cell again, in order of position, on frozen or computed features."""
    for part in parts:
        for stored in part:
            tally.count(stored, _differences(stored, course, computed))
        tell(len(part))


def _differences(
    stored: Decision | Unreadable, course: Course, computed: Known | None
) -> Sequence[Compared]:
    if isinstance(stored, Unreadable):
        return [Compared(field="row", stored=stored.reason, replayed=None)]
    rules = course.at(stored.position)
    seen = None if computed is None else computed.seen(stored.position, rules)
    return differences(stored, replayed(stored, rules, seen))
