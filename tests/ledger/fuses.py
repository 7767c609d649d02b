"""A connection that breaks at a chosen statement: what a crash in the middle looks like."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import TupleRow

from ledger.postgres import SESSION
from runtime.postgres import Connection, connect_settings


@dataclass
class Fuse:
    """Counts statements down to the one that breaks the connection; None: it holds.

    Or it breaks just after a commit, of which the writer then hears nothing.
    """

    statements_left: int | None = None
    is_deaf: bool = False
    blown: int = 0
    unheard: int = 0

    def burn(self, connection: psycopg.Connection[Any]) -> None:
        """Count one statement."""
        if self.statements_left is None:
            return
        if self.statements_left > 0:
            self.statements_left -= 1
            return
        self.statements_left = None
        self.blown += 1
        _break(connection)

    def lose_the_answer(self, connection: psycopg.Connection[Any]) -> None:
        """Break behind a commit."""
        if self.is_deaf:
            self.is_deaf = False
            self.unheard += 1
            _break(connection)


def _break(connection: psycopg.Connection[Any]) -> None:
    connection.pgconn.finish()
    raise psycopg.OperationalError("the connection broke")


def fused(dsn: str, fuse: Fuse) -> Connection:
    """A connection for the books that breaks when the fuse says so."""

    class FusedCursor(psycopg.Cursor[TupleRow]):
        def execute(self, *arguments: Any, **named: Any) -> "FusedCursor":  # noqa: ANN401  (psycopg's)
            fuse.burn(self.connection)
            return super().execute(*arguments, **named)

        @contextmanager
        def copy(self, *arguments: Any, **named: Any) -> Iterator[psycopg.Copy]:  # noqa: ANN401  (psycopg's)
            fuse.burn(self.connection)
            with super().copy(*arguments, **named) as copy:
                yield copy

    class FusedConnection(psycopg.Connection[TupleRow]):
        @contextmanager
        def transaction(self, *arguments: Any, **named: Any) -> Iterator[psycopg.Transaction]:  # noqa: ANN401  (psycopg's)
            with super().transaction(*arguments, **named) as transaction:
                yield transaction
            fuse.lose_the_answer(self)

    settings: dict[str, Any] = dict(SESSION)
    connection = FusedConnection.connect(dsn, **connect_settings("fused", **settings))
    connection.cursor_factory = FusedCursor
    return connection
