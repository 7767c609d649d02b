"""After a batch, the copies of the balances that it moved are ended, so that readers see it."""

from collections.abc import Callable
from dataclasses import dataclass

from redis import Redis
from redis.exceptions import RedisError

from dataflows.posting import metrics
from ledger.cached import balance_key
from ledger.chart import is_own
from ledger.values import Effects

PAUSE_SECONDS = 1.0
WAIT_SECONDS = 0.25  # Booking goes on; a copy that is not ended ends by itself.


@dataclass(slots=True)
class Forgetter:
    """Ends copies in one call; while Redis is away they end by themselves within seconds."""

    client: Redis
    clock: Callable[[], float]
    away_until: float = float("-inf")

    def __call__(self, effects: Effects) -> None:
        """Never fails, and never waits for long: what is booked is booked."""
        moved = {key[:2] for key in effects.balances if not is_own(key.account_id)}
        if not moved or self.clock() < self.away_until:
            return
        try:
            self.client.unlink(*(balance_key(tenant, account) for tenant, account in moved))
        except RedisError:
            self.away_until = self.clock() + PAUSE_SECONDS
            metrics.UNFORGOTTEN.inc()
