"""The memory of natural ids: Redis and its twin promise the same."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from redis.asyncio import Redis

from api.memory import MemoryNaturalIds
from api.ports import Claim, Known, MemoryAway, NaturalIds
from api.redis_ids import RedisNaturalIds
from runtime.redis import connect
from watchkeeper.stack.servers.ports import free_port

MINE, THEIRS = b"m" * 8, b"t" * 8

Story = Callable[[NaturalIds], Awaitable[None]]


def a_claim(fingerprint: bytes = b"f" * 16) -> Claim:
    return Claim(secrets.token_bytes(16), fingerprint, "account-1")


@asynccontextmanager
async def redis_at(url: str) -> AsyncIterator[Redis]:
    client = connect(url, "test")
    try:
        yield client
    finally:
        await client.aclose()


@pytest.fixture(params=["memory", pytest.param("redis", marks=pytest.mark.servers)])
def play(request: pytest.FixtureRequest) -> Callable[[Story], None]:
    """Plays a story on the twin, and on a real server."""

    async def on_redis(story: Story) -> None:
        async with redis_at(request.getfixturevalue("valkey")) as client:
            await story(RedisNaturalIds(client))

    def go(story: Story) -> None:
        if request.param == "memory":
            asyncio.run(_as_coroutine(story(MemoryNaturalIds(time.monotonic))))
        else:
            asyncio.run(on_redis(story))

    return go


async def _as_coroutine(awaitable: Awaitable[None]) -> None:
    await awaitable


def test_what_nobody_holds_is_mine_and_then_nobody_elses(play: Callable[[Story], None]) -> None:
    async def story(ids: NaturalIds) -> None:
        claims = [a_claim(), a_claim()]
        assert await ids.claim(MINE, claims) == {}
        pending = Known(b"f" * 16, "account-1", is_written=False)
        assert await ids.claim(THEIRS, claims) == {claim.event: pending for claim in claims}
        assert await ids.known(claims[0].event) == pending

    play(story)


def test_what_i_claimed_i_may_claim_again(play: Callable[[Story], None]) -> None:
    async def story(ids: NaturalIds) -> None:
        claim = a_claim()
        await ids.claim(MINE, [claim])
        assert await ids.claim(MINE, [claim]) == {}

    play(story)


def test_what_is_completed_is_known_with_its_position(play: Callable[[Story], None]) -> None:
    async def story(ids: NaturalIds) -> None:
        claims = [a_claim(), a_claim(), a_claim()]
        positions = {claims[0].event: 0, claims[1].event: 2**40, claims[2].event: -1}
        await ids.claim(MINE, claims)
        await ids.complete(MINE, claims, positions, 60)
        found = await ids.claim(MINE, claims)
        told = [found[claim.event] for claim in claims]
        assert [known.position for known in told] == [0, 2**40, None]
        assert all(known.is_written for known in told)

    play(story)


def test_what_was_not_written_is_free_again(play: Callable[[Story], None]) -> None:
    async def story(ids: NaturalIds) -> None:
        written, unwritten = a_claim(), a_claim()
        await ids.claim(MINE, [written, unwritten])
        await ids.complete(MINE, [written, unwritten], {written.event: 1}, 60)
        assert list(await ids.claim(THEIRS, [written, unwritten])) == [written.event]

    play(story)


def test_nobody_completes_or_releases_what_is_another_ones(play: Callable[[Story], None]) -> None:
    async def story(ids: NaturalIds) -> None:
        theirs, done = a_claim(), a_claim()
        await ids.claim(THEIRS, [theirs, done])
        await ids.complete(THEIRS, [done], {done.event: 7}, 60)
        await ids.complete(MINE, [theirs, done], {theirs.event: 1}, 60)
        await ids.complete(MINE, [done], {done.event: 8}, 60)
        known = await ids.claim(MINE, [theirs, done])
        assert not known[theirs.event].is_written
        assert known[done.event].position == 7

    play(story)


def test_what_nobody_claimed_is_not_known(play: Callable[[Story], None]) -> None:
    async def story(ids: NaturalIds) -> None:
        assert await ids.known(secrets.token_bytes(16)) is None

    play(story)


@pytest.mark.servers
def test_a_lease_ends_by_itself(valkey: str) -> None:
    async def story() -> None:
        async with redis_at(valkey) as client:
            ids, claim = RedisNaturalIds(client, lease_ms=30), a_claim()
            await ids.claim(MINE, [claim])
            while await ids.claim(THEIRS, [claim]):
                pass

    asyncio.run(asyncio.wait_for(story(), 5))


@pytest.mark.servers
def test_the_memory_costs_about_a_hundred_bytes_and_ends(valkey: str) -> None:
    async def story() -> None:
        async with redis_at(valkey) as client:
            claim = a_claim()
            ids = RedisNaturalIds(client)
            await ids.claim(MINE, [claim])
            assert 0 < await client.pttl(b"natural-id:" + claim.event) <= ids.lease_ms
            await ids.complete(MINE, [claim], {claim.event: 5}, 3600)
            key = b"natural-id:" + claim.event
            assert 3_500 < await client.ttl(key) <= 3_600
            assert 0 < (await client.memory_usage(key) or 0) <= 150

    asyncio.run(story())


@pytest.mark.servers
def test_a_thousand_at_once_are_one_call_each_way(valkey: str) -> None:
    async def story() -> None:
        async with redis_at(valkey) as client:
            ids, claims = RedisNaturalIds(client), [a_claim() for _ in range(1_000)]
            await client.config_resetstat()
            await ids.claim(MINE, claims)
            await ids.complete(MINE, claims, {claim.event: 1 for claim in claims}, 60)
            stats = await client.info("commandstats")
            calls = stats["cmdstat_evalsha"]["calls"] - stats["cmdstat_evalsha"]["failed_calls"]
            assert calls == 2

    asyncio.run(story())


@pytest.mark.servers
def test_a_full_memory_is_away(valkey: str) -> None:
    async def story() -> None:
        async with redis_at(valkey) as client:
            ids = RedisNaturalIds(client)
            await client.config_set("maxmemory", 1)
            try:
                with pytest.raises(MemoryAway):
                    await ids.claim(MINE, [a_claim()])
            finally:
                await client.config_set("maxmemory", 0)

    asyncio.run(story())


@pytest.mark.servers
def test_a_memory_that_is_away_is_left_alone_for_a_moment() -> None:
    async def story() -> None:
        async with redis_at(f"redis://127.0.0.1:{free_port()}") as client:
            ids = RedisNaturalIds(client)
            with pytest.raises(MemoryAway):
                await ids.claim(MINE, [a_claim()])
            assert await ids.trouble() == "ConnectionError"
            for _ in range(10):
                with pytest.raises(MemoryAway, match="left alone"):
                    await ids.known(b"x" * 16)

    asyncio.run(story())
