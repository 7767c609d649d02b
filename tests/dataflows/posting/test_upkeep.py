from dataclasses import dataclass, field
from datetime import datetime, timedelta

from data_contracts.decision import Verdict
from data_contracts.resolution import ResolutionKind
from dataflows.posting.upkeep import EXPIRY_SECONDS, MONTHS_SECONDS, Upkeep
from ledger.memory import MemoryBooks
from tests.factories import NOON
from tests.ledger.arrivals import an_arrival, post

WEEK = timedelta(days=7)


@dataclass(slots=True)
class BooksByMonth(MemoryBooks):
    months: list[datetime] = field(default_factory=list)

    def make_months(self, now: datetime) -> None:
        self.months.append(now)


def test_old_holds_are_looked_for_every_minute() -> None:
    books = BooksByMonth()
    upkeep = Upkeep(books, WEEK)
    upkeep.tick(NOON, 0.0)
    post(books, an_arrival(1, Verdict.REVIEW))
    upkeep.tick(NOON + 2 * WEEK, EXPIRY_SECONDS - 1)
    assert not books.resolved

    upkeep.tick(NOON + 2 * WEEK, EXPIRY_SECONDS)
    (expired,) = books.resolved.values()
    assert expired.resolution.kind is ResolutionKind.EXPIRE
    assert expired.resolution.reason == "nobody resolved it within 7 days"
    assert expired.resolution.resolved_at == NOON + 2 * WEEK


def test_months_are_made_at_the_start_and_every_day() -> None:
    books = BooksByMonth()
    upkeep = Upkeep(books, WEEK)
    for clock in (0.0, 60.0, MONTHS_SECONDS - 1, MONTHS_SECONDS):
        upkeep.tick(NOON + timedelta(seconds=clock), clock)

    assert books.months == [NOON, NOON + timedelta(days=1)]
