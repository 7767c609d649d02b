import asyncio
from dataclasses import dataclass

import psycopg
import pytest

from runtime.postgres import Unreachable, async_pool, attempts, connect


@pytest.mark.servers
def test_a_connection_is_named_in_utc_and_waits_within_limits(postgres_database: str) -> None:
    with connect(postgres_database, "a-test", lock_seconds=0.5, work_mem="8MB") as connection:
        shown = {
            name: connection.execute(f"SHOW {name}".encode()).fetchone()
            for name in ("application_name", "TimeZone", "statement_timeout", "lock_timeout")
        }
        assert connection.autocommit
        assert connection.execute("SHOW work_mem").fetchone() == ("8MB",)

    assert shown == {
        "application_name": ("a-test",),
        "TimeZone": ("UTC",),
        "statement_timeout": ("30s",),
        "lock_timeout": ("500ms",),
    }


@pytest.mark.servers
def test_a_statement_that_takes_too_long_is_ended(postgres_database: str) -> None:
    with (
        connect(postgres_database, "a-test", statement_seconds=0.1) as connection,
        pytest.raises(psycopg.errors.QueryCanceled),
    ):
        connection.execute("SELECT pg_sleep(10)")


@pytest.mark.servers
def test_a_pool_replaces_connections_that_the_server_ended(postgres_database: str) -> None:
    end = "SELECT pg_terminate_backend(pg_backend_pid())"

    async def ask() -> object:
        async with async_pool(postgres_database, "a-test", size=1) as pool:
            with pytest.raises(psycopg.OperationalError):
                async with pool.connection() as connection:
                    await connection.execute(end)
            async with pool.connection() as connection:
                return await (await connection.execute("SELECT 1")).fetchone()

    assert asyncio.run(ask()) == (1,)


@dataclass
class Work:
    """Asks a server that is not there, until it has been tried often enough."""

    enough: int
    tries: int = 0

    def run(self, error: type[Exception] = psycopg.OperationalError, *, is_stoppable: bool) -> None:
        for attempt in attempts(30, lambda: is_stoppable and self.tries == self.enough):
            with attempt:
                self.tries += 1
                if is_stoppable or self.tries < self.enough:
                    raise error


def test_work_is_tried_again_while_the_server_is_away() -> None:
    work = Work(enough=3)
    work.run(is_stoppable=False)

    assert work.tries == 3


def test_it_is_not_tried_again_once_stopped() -> None:
    work = Work(enough=2)
    with pytest.raises(psycopg.OperationalError):
        work.run(is_stoppable=True)

    assert work.tries == 2


def test_another_error_is_not_tried_again() -> None:
    work = Work(enough=2)
    with pytest.raises(ZeroDivisionError):
        work.run(ZeroDivisionError, is_stoppable=False)

    assert work.tries == 1


def test_a_server_that_is_not_there_is_an_error_that_is_tried_again() -> None:
    with pytest.raises(Unreachable):
        connect("host=127.0.0.1 port=1 user=nobody dbname=none", "a-test")
