"""Balances of a moment ago: never older than what an answer has shown, whatever comes between."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from api.cached_books import BLIND_SECONDS, CachedBooks
from api.memory import MemoryBalances
from api.ports import BALANCE_SECONDS_MAX, LEASE_SECONDS_MAX, BalanceCache, CacheAway
from api.redis_balances import RedisBalances
from api.redis_calls import PAUSE_SECONDS
from ledger.history import StatementQuery, TransactionQuery
from runtime.redis import connect
from tests.api.counting import ACCOUNT, ACCOUNT_VALUE, KEY, TENANT, Counter, a_statement
from tests.factories import NOON
from watchkeeper.stack.servers.ports import free_port

Story = Callable[[BalanceCache], Awaitable[None]]
Played = Callable[[Story], None]


@pytest.fixture(params=["memory", pytest.param("redis", marks=pytest.mark.servers)])
def play(request: pytest.FixtureRequest) -> Played:
    """Plays a story on the twin, and on a real server."""

    async def on_memory(story: Story) -> None:
        await story(MemoryBalances(time.monotonic))

    async def on_redis(story: Story) -> None:
        async with redis_at(request.getfixturevalue("valkey")) as cache:
            await cache.end(KEY)
            await story(cache)

    way = on_memory if request.param == "memory" else on_redis
    return lambda story: asyncio.run(way(story))


@asynccontextmanager
async def redis_at(url: str, **changes: Any) -> AsyncIterator[RedisBalances]:  # noqa: ANN401  (any field)
    client = connect(url, "test")
    try:
        yield RedisBalances(client, **changes)
    finally:
        await client.aclose()


def test_what_is_kept_under_a_lease_is_found(play: Played) -> None:
    async def story(cache: BalanceCache) -> None:
        assert await cache.look(KEY, b"a" * 8) is None
        await cache.keep(KEY, b"a" * 8, b"\x00V\xff")
        assert await cache.look(KEY, b"b" * 8) == b"\x00V\xff"
        assert await cache.look(KEY + b"2", b"b" * 8) is None

    play(story)


def test_the_first_lease_stands_until_it_ends(play: Played) -> None:
    async def story(cache: BalanceCache) -> None:
        await cache.look(KEY, b"a" * 8)
        assert await cache.look(KEY, b"b" * 8) is None
        await cache.keep(KEY, b"b" * 8, b"second")
        assert await cache.look(KEY, b"c" * 8) is None
        await cache.keep(KEY, b"a" * 8, b"first")
        assert await cache.look(KEY, b"c" * 8) == b"first"

    play(story)


def test_nothing_is_kept_under_a_lease_that_has_ended(play: Played) -> None:
    async def story(cache: BalanceCache) -> None:
        await cache.look(KEY, b"a" * 8)
        await cache.end(KEY)
        await cache.keep(KEY, b"a" * 8, b"old")
        assert await cache.look(KEY, b"b" * 8) is None
        await cache.keep(KEY, b"b" * 8, b"new")
        await cache.keep(KEY, b"a" * 8, b"old")
        assert await cache.look(KEY, b"c" * 8) == b"new"
        await cache.end(KEY)
        assert await cache.look(KEY, b"c" * 8) is None

    play(story)


@pytest.mark.servers
def test_leases_and_copies_end_by_themselves(valkey: str) -> None:
    async def story() -> None:
        async with redis_at(valkey) as cache:
            await cache.end(KEY)
            await cache.look(KEY, b"a" * 8)
            assert 0 < await cache.client.pttl(KEY) <= LEASE_SECONDS_MAX * 1000
            await cache.keep(KEY, b"a" * 8, b"value")
            left = await cache.client.pttl(KEY)
            assert LEASE_SECONDS_MAX * 1000 < left <= BALANCE_SECONDS_MAX * 1000

    asyncio.run(story())


@pytest.mark.servers
def test_a_cache_that_is_away_is_left_alone_for_a_moment() -> None:
    async def story() -> None:
        async with redis_at(f"redis://127.0.0.1:{free_port()}") as cache:
            with pytest.raises(CacheAway):
                await cache.look(KEY, b"a" * 8)
            assert cache.calls.away_until <= time.monotonic() + PAUSE_SECONDS
            with pytest.raises(CacheAway, match="left alone"):
                await cache.end(KEY)

    asyncio.run(story())


def test_the_twin_forgets_as_the_server_does() -> None:
    async def story() -> None:
        now = [0.0]
        cache = MemoryBalances(lambda: now[0])
        await cache.look(KEY, b"a" * 8)
        now[0] += LEASE_SECONDS_MAX
        await cache.keep(KEY, b"a" * 8, b"late")
        assert await cache.look(KEY, b"b" * 8) is None
        await cache.keep(KEY, b"b" * 8, b"value")
        now[0] += BALANCE_SECONDS_MAX
        assert await cache.look(KEY, b"c" * 8) is None

    asyncio.run(story())


def test_a_balance_is_read_once_and_then_found_and_the_ratio_can_be_told() -> None:
    async def story() -> None:
        counter = Counter()
        assert [await counter.version() for _ in range(4)] == [1, 1, 1, 1]
        assert (counter.reads("books"), counter.reads("cache")) == (1, 3)
        assert await counter.cached.balances(TENANT, ACCOUNT) == (a_statement(1),)
        counter.book()
        assert await counter.version() == 1
        counter.seconds += BALANCE_SECONDS_MAX
        assert await counter.version() == 2

    asyncio.run(story())


def test_an_account_that_is_not_there_is_not_kept() -> None:
    async def story() -> None:
        counter = Counter()
        for _ in range(2):
            assert await counter.cached.balances(TENANT, "acc-2") == ()
        assert counter.reads("cache") == 0
        assert await counter.cached.balances("other", ACCOUNT) == ()

    asyncio.run(story())


SHOWS: dict[str, Callable[[CachedBooks], Awaitable[object]]] = {
    "an outcome": lambda books: books.outcome(TENANT, "t"),
    "a balance of a time": lambda books: books.balances_at(TENANT, ACCOUNT, NOON),
    "a statement": lambda books: books.statement(
        StatementQuery(tenant=TENANT, account_id=ACCOUNT, currency="EUR", limit=1)
    ),
    "transactions": lambda books: books.transactions(
        TransactionQuery(tenant=TENANT, account_id=ACCOUNT, limit=1)
    ),
    "a change of the registry": lambda books: books.register(ACCOUNT_VALUE, NOON),
}
each_show = pytest.mark.parametrize("show", SHOWS.values(), ids=SHOWS.keys())


@each_show
def test_after_what_is_booked_was_shown_the_balance_knows_of_it(
    show: Callable[[CachedBooks], Awaitable[object]],
) -> None:
    async def story() -> None:
        counter = Counter()
        await counter.version()
        counter.book()
        await show(counter.cached)
        assert await counter.version() == 2

    asyncio.run(story())


@each_show
def test_so_it_does_when_the_cache_comes_back_with_an_old_copy(
    show: Callable[[CachedBooks], Awaitable[object]],
) -> None:
    async def story() -> None:
        counter = Counter()
        await counter.version()
        counter.book()
        counter.cache.is_away = True
        await show(counter.cached)
        counter.cache.is_away = False
        assert await counter.version() == 2
        counter.seconds += BLIND_SECONDS
        assert [await counter.version() for _ in range(2)] == [2, 2]
        assert (counter.reads("away"), counter.reads("cache")) == (1, 1)

    asyncio.run(story())


def test_without_the_cache_the_books_are_read() -> None:
    async def story() -> None:
        counter = Counter()
        counter.cache.is_away = True
        for version in (1, 2, 3):
            assert await counter.version() == version
            counter.book()
        assert counter.reads("away") == 3

    asyncio.run(story())


def test_whose_an_account_is_is_asked_each_time() -> None:
    async def story() -> None:
        counter = Counter()
        assert await counter.cached.accounts(TENANT, [ACCOUNT]) == {}
        await counter.cached.register(ACCOUNT_VALUE, NOON)
        assert await counter.cached.accounts(TENANT, [ACCOUNT]) == {ACCOUNT: ACCOUNT_VALUE}

    asyncio.run(story())
