"""The alerts in Postgres, as the casework reads them."""

from collections.abc import Sequence
from dataclasses import dataclass

from api.books import at_hand
from casework.desk import PostgresDesk
from data_contracts.alert import Alert


@dataclass(frozen=True, slots=True)
class PostgresAlerts:
    """Reads through the desk of the casework."""

    desk: PostgresDesk

    async def latest(self, tenant: str, limit: int) -> Sequence[Alert]:
        """The newest alerts, newest first."""
        async with at_hand():
            return await self.desk.latest_alerts(tenant, limit)

    async def waiting_letters(self) -> int:
        """How many dead letters nobody has sent again."""
        async with at_hand():
            return await self.desk.waiting_letters()
