"""What posting does by its own clock: it ends old holds, and makes the months to come."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from dataflows.posting import metrics
from ledger.ports import Books
from ledger.values import Effects, Expiry

EXPIRY_SECONDS = 60.0
MONTHS_SECONDS = 24 * 60 * 60.0


class WithMonths(Books, Protocol):
    """Books that keep their transfers by month."""

    def make_months(self, now: datetime) -> None:
        """See to it that this month's transfers have their place, and those to come."""
        ...


@dataclass(slots=True)
class Upkeep:
    """Looks for old holds every minute, makes months every day, and both at the start."""

    books: WithMonths
    hold_limit: timedelta
    due: dict[str, float] = field(default_factory=dict)
    settled: Callable[[Effects], None] = metrics.count

    def tick(self, now: datetime, clock: float) -> None:
        """Do what is due; `now` is what the books write down, `clock` only goes forward."""
        if self._is_due("months", clock, MONTHS_SECONDS):
            self.books.make_months(now)
        if self._is_due("expiry", clock, EXPIRY_SECONDS):
            self._expire(now)

    def _is_due(self, what: str, clock: float, every: float) -> bool:
        if clock < self.due.get(what, float("-inf")):
            return False
        self.due[what] = clock + every
        return True

    def _expire(self, now: datetime) -> None:
        days = self.hold_limit / timedelta(days=1)
        expiry = Expiry(
            before=now - self.hold_limit,
            reason=f"nobody resolved it within {days:g} days",
            booked_at=now,
        )
        while (effects := self.books.expire(expiry)).resolved:
            self.settled(effects)
