"""Balances of a moment ago in Redis: one key per account, a lease first and then the copy."""

from dataclasses import dataclass, field

from redis.asyncio import Redis
from redis.commands.core import AsyncScript

from api.ports import BALANCE_SECONDS_MAX, LEASE_SECONDS_MAX, CacheAway
from api.redis_calls import RedisCalls

_LOOK = """
local found = redis.call('GET', KEYS[1])
if not found then
  redis.call('SET', KEYS[1], 'L' .. ARGV[1], 'PX', ARGV[2])
elseif string.sub(found, 1, 1) == 'V' then
  return string.sub(found, 2)
end
return false
"""
_KEEP = """
if redis.call('GET', KEYS[1]) == 'L' .. ARGV[1] then
  redis.call('SET', KEYS[1], 'V' .. ARGV[2], 'PX', ARGV[3])
end
return false
"""


@dataclass(slots=True)
class RedisBalances:
    """After a failure it is left alone for a while; each script is one atomic step."""

    client: Redis
    lease_ms: int = int(LEASE_SECONDS_MAX * 1000)
    balance_ms: int = int(BALANCE_SECONDS_MAX * 1000)
    calls: RedisCalls = field(default_factory=lambda: RedisCalls(CacheAway))
    _look: AsyncScript = field(init=False)
    _keep: AsyncScript = field(init=False)

    def __post_init__(self) -> None:
        """Prepare the scripts; they are loaded when Redis does not know them yet."""
        self._look = self.client.register_script(_LOOK)
        self._keep = self.client.register_script(_KEEP)

    async def look(self, key: bytes, lease: bytes) -> bytes | None:
        """The copy, or None; then the lease stands, unless somebody else's does."""
        found = await self.calls.answer(self._look, [key], [lease, self.lease_ms])
        return found if isinstance(found, bytes) else None

    async def keep(self, key: bytes, lease: bytes, value: bytes) -> None:
        """Keep a copy that was read under a lease, if the lease still stands."""
        await self.calls.answer(self._keep, [key], [lease, value, self.balance_ms])

    async def end(self, key: bytes) -> None:
        """End the copy and every lease."""
        await self.calls.answer(self.client.unlink, key)
