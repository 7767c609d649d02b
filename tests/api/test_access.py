"""Who came in and who was refused is noted by the minute, and nobody can make it many notes."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import timedelta

import psycopg
import pytest

from api.access import CAME_IN, LINES_MAX, Access, Line
from api.authentication import Principal
from api.permissions import Role
from api.problems import Refusal
from runtime import migrations
from runtime.postgres import AsyncPool, async_pool
from tests.api.house import NOW, SECRET, House, a_token, bearer
from tests.conftest import Databases


def ana(what: str = CAME_IN, detail: str = "", subject: str = "ana", role: str = "analyst") -> Line:
    return Line(what=what, detail=detail, tenant="demo", subject=subject, role=role)


def lines(house: House) -> dict[Line, int]:
    return dict(house.services.authenticator.access.lines)


def ask(house: House, headers: dict[str, str], path: str = "/v1/me") -> None:
    house.client.get(path, headers=headers)


def test_a_token_is_noted_when_it_is_first_shown_and_only_then() -> None:
    house = House()
    for jti in ("one", "one", "two"):
        ask(house, bearer(role=Role.ANALYST, sub="ana", jti=jti))
    assert lines(house) == {ana(): 2}


def test_refusals_are_counted_by_why_and_named_only_by_verified_tokens() -> None:
    house = House()
    forged = a_token(sub="eve").rpartition(".")[0] + ".AAAA"
    for _ in range(3):
        ask(house, {"authorization": f"Bearer {forged}"})
        ask(house, {})
    ask(house, bearer(sub="ana", role=Role.ANALYST, iat=int(NOW.timestamp()) - 900, exp=1))
    ask(house, bearer(sub="old", role=Role.ANALYST, **ended()))
    ask(house, bearer(sub="ana", role=Role.CUSTOMER), "/v1/alerts")
    assert lines(house) == {
        Line(
            what="token-invalid",
            detail="the token is malformed, or was not signed with our key",
        ): 3,
        Line(what="token-missing"): 3,
        Line(what="token-invalid", detail="the token lives longer than an hour (exp - iat)"): 1,
        ana(what="token-invalid", detail="the token has expired", subject="old"): 1,
        ana(role="customer"): 1,
        ana(
            what="forbidden", detail="the role customer has no action alerts.read", role="customer"
        ): 1,
    }
    assert "eve" not in str(lines(house))


def ended() -> dict[str, int]:
    second = int(NOW.timestamp())
    return {"iat": second - 900, "exp": second - 300}


def test_neither_token_nor_secret_nor_what_a_stranger_wrote_gets_into_a_note() -> None:
    house = House()
    unknown = a_token(sub="ana", role="emperor-of-all")
    ask(house, {"authorization": f"Bearer {unknown}"})
    ask(house, {"authorization": "Bearer guess-me-if-you-can"})
    text = str(lines(house))
    assert not [word for word in (unknown, SECRET.decode(), "emperor", "guess") if word in text]


def test_however_many_come_the_lines_of_a_minute_have_an_end() -> None:
    access = Access(lambda: NOW)
    for number in range(LINES_MAX + 70):
        access.came_in(Principal(subject=str(number), tenant="demo", role=Role.CUSTOMER))
    access.refused(Refusal("token-missing"))
    access.close()
    assert access.waiting is not None
    assert len(access.waiting.lines) == LINES_MAX
    assert access.waiting.others == {CAME_IN: 70, "token-missing": 1}


async def with_pool(dsn: str, use: Callable[[AsyncPool], Awaitable[None]]) -> None:
    async with async_pool(dsn, "test") as pool:
        await use(pool)


def notes(dsn: str) -> list[tuple[str, str, object]]:
    with psycopg.connect(dsn) as connection:
        found = connection.execute(
            "SELECT kind, actor, body FROM ledger.audit_notes ORDER BY number"
        ).fetchall()
    return [(kind, actor, json.loads(body)) for kind, actor, body in found]


@pytest.mark.servers
def test_a_minute_that_is_over_is_written_and_at_the_end_the_last(postgres_database: str) -> None:
    migrations.upgrade(postgres_database)
    now = NOW
    access = Access(lambda: now)

    async def use(pool: AsyncPool) -> None:
        nonlocal now
        access.refused(Refusal("token-missing"))
        assert await access.write(pool) == 0
        now = NOW + timedelta(minutes=1)
        assert await access.write(pool) == 1
        async with access.written_to(pool):
            access.refused(Refusal("token-missing"))
            access.refused(Refusal("token-missing"))

    asyncio.run(with_pool(postgres_database, use))
    later = "2026-03-02T12:01:30Z"
    assert notes(postgres_database) == [
        (
            *("access", "api"),
            {
                "since": "2026-03-02T12:00:30Z",
                "until": later,
                "lines": [{"what": "token-missing"}],
                "others": {},
            },
        ),
        (
            *("access", "api"),
            {
                "since": later,
                "until": later,
                "lines": [{"what": "token-missing", "count": 2}],
                "others": {},
            },
        ),
    ]


@pytest.mark.servers
def test_where_the_books_are_away_one_minute_waits_and_the_next_goes_on(
    databases: Databases,
) -> None:
    now = NOW
    access = Access(lambda: now)

    async def use(pool: AsyncPool) -> None:
        nonlocal now
        for _ in range(3):
            access.refused(Refusal("token-missing"))
            now += timedelta(minutes=1)
            with pytest.raises(psycopg.Error):
                await access.write(pool)

    with databases.fresh() as dsn:
        asyncio.run(with_pool(dsn, use))
    assert access.waiting is not None
    assert access.waiting.lines == (Line(what="token-missing"),)
    assert access.lines == {Line(what="token-missing"): 2}
