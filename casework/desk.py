"""What the desk and the API read of the casework, from an event loop."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from casework.values import Case
from data_contracts.alert import Alert
from runtime.postgres import AsyncPool, rows

LATEST_ALERTS = """
SELECT alert_id::text, kind, tenant, entity_kind, entity, severity::text, title, reasons, rules,
    typologies, score, verdict, raised_at, event_id::text, transaction_id, account_id,
    amount_minor, currency, cell, position
FROM casework.alerts
WHERE tenant = %(tenant)s AND (%(with_quiet)s OR quieted_by IS NULL)
ORDER BY raised_at DESC, alert_id DESC LIMIT %(limit)s
"""
ALERTS_OF_CASE = """
SELECT alert_id::text, kind, tenant, entity_kind, entity, severity::text, title, reasons, rules,
    typologies, score, verdict, raised_at, event_id::text, transaction_id, account_id,
    amount_minor, currency, cell, position
FROM casework.alerts
WHERE tenant = %(tenant)s AND case_id = %(case_id)s
ORDER BY raised_at DESC, alert_id DESC
"""
OPEN_CASES = """
SELECT case_id::text, tenant, entity_kind, entity, status, severity::text, score, alert_count,
    quiet_count, first_alert_at, last_alert_at
FROM casework.cases
WHERE tenant = %(tenant)s AND status <> 'closed'
ORDER BY casework.cases.severity DESC, score DESC, last_alert_at DESC, casework.cases.case_id
LIMIT %(limit)s
"""
WAITING_LETTERS = "SELECT count(*) FROM casework.dead_letters WHERE replayed_at IS NULL"


@dataclass(frozen=True, slots=True)
class PostgresDesk:
    """Borrows a pool that its owner opens and closes; psycopg's `OperationalError` when away."""

    pool: AsyncPool

    async def latest_alerts(
        self, tenant: str, limit: int, *, with_quiet: bool = False
    ) -> Sequence[Alert]:
        """The newest alerts, newest first."""
        given = {"tenant": tenant, "limit": limit, "with_quiet": with_quiet}
        return msgspec.convert(await rows(self.pool, LATEST_ALERTS, given), list[Alert])

    async def open_cases(self, tenant: str, limit: int) -> Sequence[Case]:
        """The cases that are not closed: the gravest first, then the highest score, the newest."""
        found = await rows(self.pool, OPEN_CASES, {"tenant": tenant, "limit": limit})
        return msgspec.convert(found, list[Case])

    async def alerts_of(self, tenant: str, case_id: str) -> Sequence[Alert]:
        """All alerts of a case, newest first; none where there is no such case."""
        found = await rows(self.pool, ALERTS_OF_CASE, {"tenant": tenant, "case_id": case_id})
        return msgspec.convert(found, list[Alert])

    async def waiting_letters(self) -> int:
        """How many dead letters nobody has sent again."""
        return int((await rows(self.pool, WAITING_LETTERS, {}))[0]["count"])
