"""Calls to Redis that fail fast: after a failure nobody waits for it for a while."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import monotonic
from typing import Any

from redis.exceptions import RedisError

PAUSE_SECONDS = 1.0


@dataclass(slots=True)
class RedisCalls:
    """Says `away` where Redis does not answer, and for `PAUSE_SECONDS` more without asking it."""

    away: type[RuntimeError]
    away_until: float = 0.0

    async def answer(self, call: Callable[..., Awaitable[Any]], *given: object) -> Any:  # noqa: ANN401  (an answer of Redis)
        """What a command or script answers."""
        if monotonic() < self.away_until:
            raise self.away("left alone after a failure")
        try:
            return await call(*given)
        except RedisError as error:
            self.away_until = monotonic() + PAUSE_SECONDS
            raise self.away(type(error).__name__) from error
