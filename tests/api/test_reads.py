"""Each read of personal data leaves a note, which reaches Postgres off the request's way."""

import asyncio
import json
from collections.abc import Awaitable, Callable

import psycopg
import pytest

from api.authentication import Principal
from api.permissions import Action, Role
from api.problems import Refusal
from api.reads import WAITING_MAX, Reads
from runtime import migrations
from runtime.postgres import AsyncPool, async_pool
from tests.api.house import House, bearer
from tests.conftest import Databases
from tests.factories import NOON

ANA = Principal(subject="ana", tenant="demo", role=Role.ANALYST)


def read(reads: Reads, target: str = "/v1/transactions/t-1") -> None:
    reads.note(ANA, Action.READ_TRANSACTION, target, NOON)


@pytest.mark.parametrize(
    "path", ["/v1/transactions/t-1", "/v1/accounts/a-1/balance", "/v1/alerts?limit=5"]
)
def test_who_asks_for_personal_data_is_noted_whatever_is_found(path: str) -> None:
    house = House()
    house.client.get(path, headers=bearer(role=Role.ANALYST, sub="ana"))
    (note,) = house.services.reads.waiting
    assert (note.subject, note.target, note.at) == ("ana", path, house.now)


def test_who_asks_for_what_is_nobodys_or_may_not_ask_is_not_noted() -> None:
    house = House()
    house.client.get("/v1/me", headers=bearer(role=Role.ANALYST))
    house.client.get("/v1/transactions/t-1")
    house.client.get("/v1/alerts", headers=bearer(role=Role.CUSTOMER))
    assert not house.services.reads.waiting


def test_what_cannot_be_written_down_is_not_shown() -> None:
    reads = Reads()
    for number in range(WAITING_MAX):
        read(reads, str(number))
    with pytest.raises(Refusal) as refused:
        read(reads)
    assert refused.value.code == "books-away"


def with_pool(dsn: str, use: Callable[[AsyncPool], Awaitable[object]]) -> None:
    async def run() -> None:
        async with async_pool(dsn, "test") as pool:
            await use(pool)

    asyncio.run(run())


@pytest.mark.servers
def test_notes_are_written_and_at_the_end_the_rest_of_them(postgres_database: str) -> None:
    migrations.upgrade(postgres_database)
    reads = Reads()

    async def use(pool: AsyncPool) -> None:
        async with reads.written_to(pool):
            read(reads, "first")
        read(reads, "second")
        assert await reads.write(pool) == 1
        assert await reads.write(pool) == 0

    with_pool(postgres_database, use)
    with psycopg.connect(postgres_database) as connection:
        rows = connection.execute(
            "SELECT kind, actor, body FROM ledger.audit_notes ORDER BY number"
        ).fetchall()
    assert [(kind, actor, json.loads(body)["target"]) for kind, actor, body in rows] == [
        ("read", "ana", "first"),
        ("read", "ana", "second"),
    ]


@pytest.mark.servers
def test_what_could_not_be_written_goes_on_waiting(databases: Databases) -> None:
    reads = Reads()
    read(reads)

    async def use(pool: AsyncPool) -> None:
        with pytest.raises(psycopg.Error):
            await reads.write(pool)

    with databases.fresh() as dsn:
        with_pool(dsn, use)
    assert len(reads.waiting) == 1
