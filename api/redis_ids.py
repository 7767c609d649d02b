"""Natural ids in Redis: one small value each, one Lua call to claim and one to complete them all.

A value is `p` + owner (8 bytes) while its transaction is being written, `d` + position (8 bytes)
once it is in the log; then the request's fingerprint (16 bytes) and the account's id.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from redis.asyncio import Redis
from redis.commands.core import AsyncScript
from redis.exceptions import RedisError

from api.ports import Claim, Known, MemoryAway
from api.redis_calls import RedisCalls

# Longer than the log may take to acknowledge: a claim that ended too early would write a copy.
LEASE_MS = 15_000

_PREFIX = b"natural-id:"
_PENDING, _DONE = b"p", b"d"
_POSITION_BYTES = 8
_HEAD = 1 + _POSITION_BYTES
_FINGERPRINT_END = _HEAD + 16

_CLAIM = """
local taken = {}
for number, key in ipairs(KEYS) do
  local value = ARGV[number + 1]
  local known = redis.call('SET', key, value, 'NX', 'GET', 'PX', ARGV[1])
  if known and known ~= value then
    taken[#taken + 1] = number - 1
    taken[#taken + 1] = known
  end
end
return taken
"""
# An empty value releases. What another owner holds or has completed stays as it is.
_COMPLETE = """
for number, key in ipairs(KEYS) do
  local known = redis.call('GET', key)
  if not known or string.sub(known, 1, #ARGV[2]) == ARGV[2] then
    local value = ARGV[number + 2]
    if value == '' then
      redis.call('DEL', key)
    else
      redis.call('SET', key, value, 'PX', ARGV[1])
    end
  end
end
return 0
"""


@dataclass(slots=True)
class RedisNaturalIds:
    """The memory of natural ids; after a failure it is left alone for a while."""

    client: Redis
    lease_ms: int = LEASE_MS
    calls: RedisCalls = field(default_factory=lambda: RedisCalls(MemoryAway))
    _claim: AsyncScript = field(init=False)
    _complete: AsyncScript = field(init=False)

    def __post_init__(self) -> None:
        """Prepare the scripts; they are loaded when Redis does not know them yet."""
        self._claim = self.client.register_script(_CLAIM)
        self._complete = self.client.register_script(_COMPLETE)

    async def claim(self, owner: bytes, claims: Sequence[Claim]) -> Mapping[bytes, Known]:
        """Claim all that nobody holds; returns what is known of the others."""
        mark = _PENDING + owner
        values = [mark + claim.fingerprint + claim.account_id.encode() for claim in claims]
        taken = await self.calls.answer(self._claim, _keys(claims), [self.lease_ms, *values])
        pairs = zip(taken[::2], taken[1::2], strict=True)
        return {claims[number].event: _known(value) for number, value in pairs}

    async def complete(
        self, owner: bytes, claims: Sequence[Claim], positions: Mapping[bytes, int], seconds: int
    ) -> None:
        """Remember as written what stands in `positions`; release the rest."""
        values = [_done(claim, positions) for claim in claims]
        arguments = [seconds * 1000, _PENDING + owner, *values]
        await self.calls.answer(self._complete, _keys(claims), arguments)

    async def known(self, event: bytes) -> Known | None:
        """What is remembered of one event."""
        value = await self.calls.answer(self.client.get, _PREFIX + event)
        return _known(value) if isinstance(value, bytes) else None

    async def trouble(self) -> str | None:
        """None, or why Redis does not answer."""
        try:
            await self.client.ping()
        except RedisError as error:
            return type(error).__name__
        return None


def _keys(claims: Sequence[Claim]) -> list[bytes]:
    return [_PREFIX + claim.event for claim in claims]


def _done(claim: Claim, positions: Mapping[bytes, int]) -> bytes:
    position = positions.get(claim.event)
    if position is None:
        return b""
    told = position.to_bytes(_POSITION_BYTES, "big", signed=True)
    return _DONE + told + claim.fingerprint + claim.account_id.encode()


def _known(value: bytes) -> Known:
    position = int.from_bytes(value[1:_HEAD], "big", signed=True)
    is_written = value[:1] == _DONE
    return Known(
        fingerprint=value[_HEAD:_FINGERPRINT_END],
        account_id=value[_FINGERPRINT_END:].decode(),
        is_written=is_written,
        position=position if is_written and position >= 0 else None,
    )
