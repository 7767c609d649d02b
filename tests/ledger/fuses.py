"""A connection that breaks at a chosen statement: what a crash in the middle looks like."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import TupleRow

from ledger.postgres import SESSION
from runtime.postgres import Connection, connect


@dataclass
class Fuse:
    """Counts statements down to the one that breaks the connection; None: it holds."""

    statements_left: int | None = None
    blown: int = 0

    def burn(self, connection: psycopg.Connection[Any]) -> None:
        """Count one statement."""
        if self.statements_left is None:
            return
        if self.statements_left > 0:
            self.statements_left -= 1
            return
        self.statements_left = None
        self.blown += 1
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

    connection = connect(dsn, "fused", **SESSION)
    connection.cursor_factory = FusedCursor
    return connection
