"""Breakers: a rule that hits or declines too much within an hour goes into shadow, it alone.

Each cell has its own, counted over the hour of `received_at` up to each minute that has hits. A
trip names the reset after which it was counted, so that one made again after a crash is nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import msgspec

from data_contracts import ids
from data_contracts.alert import Alert, AlertKind
from data_contracts.control import BreakerRecord
from data_contracts.decision import Severity
from dataflows.operations.hits import Control, Fired, Switched
from dataflows.operations.observations import NONE, Observation
from rules.instants import from_epoch_ms
from rules.model import Breaker

MINUTES = 60  # An hour.
ENTITY_KIND = "rule"
MEND = "It counts again after `watchkeeper rules reset {rule}`."


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """A rule that is to go into shadow in a cell."""

    cell: int
    record: BreakerRecord

    def alert(self, tenant: str) -> Alert:
        """Tell people; the same trip always has the same id."""
        record = self.record
        since = "" if record.since is None else record.since.isoformat()
        own_name = f"operation breaker {record.rule_id} {self.cell} {since}"
        return Alert(
            alert_id=ids.text(ids.derived_id(ids.event_id(tenant, own_name), "operation")),
            kind=AlertKind.OPERATION,
            tenant=tenant,
            entity_kind=ENTITY_KIND,
            entity=record.rule_id,
            severity=Severity.HIGH,
            title="A rule was put into shadow by its breaker",
            reasons=(f"{record.rule_id}: {record.reason}", MEND.format(rule=record.rule_id)),
            rules=(record.rule_id,),
            raised_at=record.recorded_at,
            cell=self.cell,
        )


class Counted(msgspec.Struct):
    """One rule since its last reset: [hits, declines] by minute."""

    since: datetime | None = None
    since_position: int = NONE
    is_tripped: bool = False
    last_ms: int = 0
    minutes: dict[int, list[int]] = {}

    def add(self, fired: Fired) -> None:
        """Count, unless the rule is in shadow, or the hits are from before its reset."""
        if not self.is_tripped and fired.first_position > self.since_position:
            minute = self.minutes.setdefault(fired.minute, [0, 0])
            minute[0] += fired.hits
            minute[1] += fired.declines
            self.last_ms = max(self.last_ms, fired.last_ms)

    def totals(self, newest: int) -> tuple[int, int]:
        """Hits and declines within the hour that ends with a minute."""
        counts = [
            count for minute, count in self.minutes.items() if newest - MINUTES < minute <= newest
        ]
        return sum(count[0] for count in counts), sum(count[1] for count in counts)

    def switch(self, position: int, record: BreakerRecord) -> None:
        """Take up a trip or a reset that stands in the log."""
        if not record.is_tripped:
            self.since, self.since_position = record.recorded_at, position
            self.is_tripped, self.last_ms, self.minutes = False, 0, {}
        elif record.since == self.since:
            self.is_tripped, self.minutes = True, {}


class Breakers(msgspec.Struct):
    """All breakers of one cell; `decided` are decisions by minute.

    The log and the decisions are read side by side: what hits before the rule set is read that arms
    its breaker is counted too, and judged then.
    """

    limits: dict[str, Breaker] = {}
    decided: dict[int, int] = {}
    rules: dict[str, Counted] = {}

    def observe(self, seen: Observation) -> Iterator[Trip]:
        """Take in what a poll brought, and trip what it shows to be too much."""
        for control in seen.controls:
            yield from self._take(control, seen.cell)
        for minute, count in seen.decided.items():
            self.decided[minute] = self.decided.get(minute, 0) + count
        for fired in seen.fired:
            self._of(fired.rule_id).add(fired)
            yield from self._judge(fired.rule_id, fired.minute, seen.cell)
        self._forget()

    def _take(self, control: Control, cell: int) -> Iterator[Trip]:
        if isinstance(control, Switched):
            self._of(control.record.rule_id).switch(control.position, control.record)
            return
        self.limits = dict(control.breakers)
        for rule_id, counted in self.rules.items():
            yield from self._judge(rule_id, max(counted.minutes, default=0), cell)

    def _of(self, rule_id: str) -> Counted:
        return self.rules.setdefault(rule_id, Counted())

    def _judge(self, rule_id: str, newest: int, cell: int) -> Iterator[Trip]:
        counted, limit = self._of(rule_id), self.limits.get(rule_id)
        hits, declines = counted.totals(newest)
        reason = None if limit is None else self._excess(limit, newest, hits, declines)
        if reason is None:
            return
        record = BreakerRecord(
            rule_id=rule_id,
            is_tripped=True,
            reason=reason,
            recorded_at=from_epoch_ms(counted.last_ms),
            since=counted.since,
        )
        counted.switch(NONE, record)
        yield Trip(cell=cell, record=record)

    def _excess(self, limit: Breaker, newest: int, hits: int, declines: int) -> str | None:
        most, share = limit.max_hits_per_hour, limit.max_decline_share
        if most is not None and hits > most:
            return f"{hits:,} hits within an hour where {most:,} are allowed"
        decided = sum(
            count for minute, count in self.decided.items() if newest - MINUTES < minute <= newest
        )
        if share is None or not declines or decided < limit.least_decisions:
            return None
        if declines / decided <= share:
            return None
        return (
            f"{declines:,} of {decided:,} decisions within an hour declined with it, "
            f"{declines / decided:.1%} where {share:.1%} is allowed"
        )

    def _forget(self) -> None:
        """Let go of what is an hour and more behind, twice over: the slowest may still come."""
        limit = max(self.decided, default=0) - 2 * MINUTES
        self.decided = {at: count for at, count in self.decided.items() if at >= limit}
        for counted in self.rules.values():
            counted.minutes = {at: n for at, n in counted.minutes.items() if at >= limit}
