"""Postgres connections that never hang: named, in UTC, with a limit on every wait."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import psycopg
import stamina
from psycopg.rows import TupleRow, dict_row
from psycopg_pool import AsyncConnectionPool

CONNECT_SECONDS_MAX = 5
STATEMENT_SECONDS_MAX = 30
LOCK_SECONDS_MAX = 5
IDLE_IN_TRANSACTION_SECONDS_MAX = 60
UNACKNOWLEDGED_SECONDS_MAX = 20
POOL_WAIT_SECONDS_MAX = 2.0
RETRY_SECONDS_MAX = 2.0

Connection = psycopg.Connection[TupleRow]
AsyncConnection = psycopg.AsyncConnection[TupleRow]
AsyncPool = AsyncConnectionPool[AsyncConnection]

# What a server that is killed, restarting or cut off makes of a statement.
Unreachable = (psycopg.OperationalError, psycopg.InterfaceError)


def connect_settings(
    name: str,
    statement_seconds: float = STATEMENT_SECONDS_MAX,
    lock_seconds: float = LOCK_SECONDS_MAX,
    **options: str,
) -> dict[str, Any]:
    """Arguments for psycopg: who we are, how long we wait, and the session's own `options`."""
    session = {
        "TimeZone": "UTC",
        "statement_timeout": str(int(statement_seconds * 1000)),
        "lock_timeout": str(int(lock_seconds * 1000)),
        "idle_in_transaction_session_timeout": str(IDLE_IN_TRANSACTION_SECONDS_MAX * 1000),
    } | options
    return {
        "application_name": name,
        "connect_timeout": CONNECT_SECONDS_MAX,
        "keepalives_idle": UNACKNOWLEDGED_SECONDS_MAX,
        "tcp_user_timeout": UNACKNOWLEDGED_SECONDS_MAX * 1000,
        "options": " ".join(f"-c {key}={value}" for key, value in session.items()),
        "autocommit": True,
    }


def connect(dsn: str, name: str, **settings: Any) -> Connection:  # noqa: ANN401  (see above)
    """One connection in autocommit: `with connection.transaction()` says what belongs together."""
    return psycopg.connect(dsn, **connect_settings(name, **settings))


def async_pool(dsn: str, name: str, size: int = 8) -> AsyncPool:
    """A pool of readers for an event loop, not yet open: `await pool.open()` inside the loop."""
    return AsyncConnectionPool(
        dsn,
        kwargs=connect_settings(name),
        min_size=1,
        max_size=size,
        timeout=POOL_WAIT_SECONDS_MAX,
        check=AsyncConnectionPool.check_connection,
        open=False,
    )


async def rows(pool: AsyncPool, query: Any, given: Mapping[str, object]) -> list[dict[str, Any]]:  # noqa: ANN401  (psycopg wants literal text)
    """All rows that a query gives, each by the names of its columns."""
    async with pool.connection() as connection:
        cursor = await connection.cursor(row_factory=dict_row).execute(query, given)
        return await cursor.fetchall()


def attempts(
    seconds: float, is_stopped: Callable[[], bool] = lambda: False
) -> Iterator[stamina.Attempt]:
    """Try a block again while Postgres is unreachable: enter each attempt with `with`.

    Each wait is at most `RETRY_SECONDS_MAX`; after `seconds`, or once stopped, the error is raised.
    """
    tries = stamina.retry_context(
        on=lambda error: isinstance(error, Unreachable) and not is_stopped(),
        attempts=None,
        timeout=seconds,
        wait_initial=0.1,
        wait_max=RETRY_SECONDS_MAX,
    )
    return iter(tries)
