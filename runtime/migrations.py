"""The schema of every room, moved forward and back by alembic: plain SQL, one branch per room.

A room keeps its revisions in `<room>/migrations/`; the first has no predecessor and bears the
room's name as branch label. A revision calls `op.execute` with SQL and nothing else of alembic.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

import psycopg
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, NullPool, create_engine, text

from runtime.postgres import connect_settings

ROOMS = ("ledger", "casework")
VERSION_TABLE = "schema_versions"
STATEMENT_SECONDS_MAX = 600
LOCK_SECONDS_MAX = 10

# Any constant will do: whoever holds it is the one that migrates this database.
_LOCK = 0x57_4B_5F_44_42

_Step = Callable[[Any, Any], Any]


def _scripts(rooms: Sequence[str]) -> ScriptDirectory:
    root = Path(__file__).resolve().parent.parent
    return ScriptDirectory(
        root / "runtime", version_locations=[root / room / "migrations" for room in rooms]
    )


@contextmanager
def _alone(dsn: str) -> Iterator[Connection]:
    """A connection that waits until no other one migrates; the lock ends with it."""
    settings = connect_settings(
        "watchkeeper-migrations",
        statement_seconds=STATEMENT_SECONDS_MAX,
        lock_seconds=STATEMENT_SECONDS_MAX,
    )
    engine = create_engine(
        "postgresql+psycopg://",
        creator=lambda: psycopg.connect(dsn, **settings | {"autocommit": False}),
        poolclass=NullPool,
    )
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK})
        connection.execute(text(f"SET lock_timeout = '{LOCK_SECONDS_MAX}s'"))
        connection.commit()
        yield connection


def _run(dsn: str, rooms: Sequence[str], step: Callable[[ScriptDirectory], _Step]) -> None:
    scripts = _scripts(rooms)
    with (
        _alone(dsn) as connection,
        EnvironmentContext(Config(), scripts, fn=step(scripts)) as environment,
    ):
        environment.configure(connection=connection, version_table=VERSION_TABLE)
        with environment.begin_transaction():
            environment.run_migrations()


def _forward(target: str) -> Callable[[ScriptDirectory], _Step]:
    return lambda scripts: lambda heads, _context: scripts._upgrade_revs(target, heads)  # noqa: SLF001


def _back(target: str) -> Callable[[ScriptDirectory], _Step]:
    return lambda scripts: lambda heads, _context: scripts._downgrade_revs(target, heads)  # noqa: SLF001


def upgrade(dsn: str, target: str = "heads", rooms: Sequence[str] = ROOMS) -> None:
    """Bring every room to its newest revision, all or nothing; a second call changes nothing."""
    _run(dsn, rooms, _forward(target))


def downgrade(dsn: str, target: str, rooms: Sequence[str] = ROOMS) -> None:
    """Go back to a revision, by `ledger@base` to before a room's first, by `base` to nothing.

    Data in what is dropped is gone.
    """
    _run(dsn, rooms, _back(target))


def current(dsn: str) -> tuple[str, ...]:
    """The revision that each branch stands at, in order of name."""
    with _alone(dsn) as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        return tuple(sorted(context.get_current_heads()))


def newest(rooms: Sequence[str] = ROOMS) -> tuple[str, ...]:
    """The newest revision of each branch that this installation knows, in order of name."""
    return tuple(sorted(_scripts(rooms).get_heads()))


def as_sql(room: str) -> str:
    """All that `upgrade` would run for a room on an empty database, for a reader or a linter."""
    scripts, output = _scripts([room]), StringIO()
    with EnvironmentContext(
        Config(), scripts, fn=_forward("heads")(scripts), as_sql=True
    ) as environment:
        environment.configure(
            dialect_name="postgresql", output_buffer=output, version_table=VERSION_TABLE
        )
        with environment.begin_transaction():
            environment.run_migrations()
    return output.getvalue()
