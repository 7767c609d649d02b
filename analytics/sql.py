"""Questions of the archive in SQL: one at a time, reading only, nothing else in reach."""

import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import duckdb
import pyarrow as pa

from analytics import archive_views
from analytics.archive_views import ARCHIVE, VIEWS
from runtime.archive import active_files

ROWS_MAX = 1_000
SECONDS_MAX = 300.0
MEMORY = "2GB"
BATCH_ROWS = 10_000

_CLOSED = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "allow_persistent_secrets": "false",
    "python_enable_replacements": "false",
    "temp_directory": "",
}
_EXPLAIN = re.compile(r"\s*explain\s+(?:analyze\s+)?", re.IGNORECASE)
_NO_TABLE = re.compile(r"Table with name (\S+) does not exist")
_SUGGESTION = re.compile(r'\n?Did you mean "[^"]*"\??')


class Refused(ValueError):
    """A question that is not answered: what is wrong with it, where, and in `hint` the mend."""

    def __init__(self, what: str, hint: str = "") -> None:
        """Both are for the one who asked."""
        super().__init__(what)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Answer:
    """A table; `is_cut` says that there were more rows than asked for."""

    table: pa.Table
    is_cut: bool


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a view."""

    name: str
    type: str


@contextmanager
def closed(folder: Path, memory: str = MEMORY) -> Iterator[duckdb.DuckDBPyConnection]:
    """The views over the archive as it is now; no other file can be read, and none written.

    Which files make up the archive is settled here: a question sees one state of it, and has to be
    done before replaced files are removed (`runtime.archive.QUERY_HOURS_MAX`).
    """
    files = active_files(folder)
    with duckdb.connect(":memory:", config={**_CLOSED, "memory_limit": memory}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        archive_views.create(connection, files)
        connection.execute("SET allowed_paths = $files", {"files": files})
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        yield connection


def ask(
    folder: Path, question: str, rows_max: int = ROWS_MAX, seconds_max: float = SECONDS_MAX
) -> Answer:
    """Answer one question with at most so many rows, or raise `Refused`."""
    with closed(folder) as connection, _in_time(connection, seconds_max) as is_late:
        try:
            return _answer(connection, _question(connection, question), rows_max)
        except duckdb.InterruptException:
            if not is_late.is_set():
                raise
            hint = "Ask for fewer days (WHERE day = …), or fewer columns."
            raise Refused(f"No answer within {seconds_max:g} seconds.", hint) from None
        except duckdb.Error as error:
            raise _refusal(error) from None


def views(folder: Path) -> dict[archive_views.View, Sequence[Column]]:
    """Every view with its columns."""
    with closed(folder) as connection:
        return {
            view: [
                Column(name, kind)
                for name, kind in connection.execute(
                    "SELECT column_name, data_type FROM information_schema.columns "
                    "WHERE table_name = $name ORDER BY ordinal_position",
                    {"name": view.name},
                ).fetchall()
            ]
            for view in (*VIEWS, ARCHIVE)
        }


def _question(connection: duckdb.DuckDBPyConnection, text: str) -> str:
    # A settled list of kinds: the engine would let a COPY write over the archive's own files.
    statements = connection.extract_statements(text)
    if len(statements) != 1:
        raise Refused(
            f"There are {len(statements)} statements in the question.", "Ask one at a time."
        )
    (statement,) = statements
    explained, is_explain = _EXPLAIN.subn("", text, count=1)
    if statement.type is duckdb.StatementType.EXPLAIN and is_explain:
        # EXPLAIN ANALYZE runs what it explains.
        _question(connection, explained)
    elif statement.type is not duckdb.StatementType.SELECT:
        raise Refused(
            f"{statement.type.name} is no question: the archive is only read here.",
            "Ask with SELECT, WITH, FROM, DESCRIBE, SUMMARIZE, SHOW or EXPLAIN.",
        )
    return text


def _answer(connection: duckdb.DuckDBPyConnection, question: str, rows_max: int) -> Answer:
    relation = connection.sql(question)
    reader = relation.to_arrow_reader(min(BATCH_ROWS, rows_max + 1))
    batches, count = [], 0
    while count <= rows_max and (batch := next(reader, None)) is not None:
        batches.append(batch)
        count += batch.num_rows
    table = pa.Table.from_batches(batches, reader.schema)
    return Answer(table.slice(0, rows_max), count > rows_max)


@contextmanager
def _in_time(connection: duckdb.DuckDBPyConnection, seconds: float) -> Iterator[threading.Event]:
    is_late = threading.Event()

    def interrupt() -> None:
        is_late.set()
        connection.interrupt()

    timer = threading.Timer(seconds, interrupt)
    timer.start()
    try:
        yield is_late
    finally:
        timer.cancel()


def _refusal(error: duckdb.Error) -> Refused:
    text = str(error).strip()
    missing = _NO_TABLE.search(text)
    if missing:
        names = [view.name for view in (*VIEWS, ARCHIVE)]
        near = get_close_matches(missing[1].casefold(), names, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"There are {', '.join(names)}."
        return Refused(_SUGGESTION.sub("", text), hint)
    if isinstance(error, duckdb.PermissionException):
        return Refused(text, "Only the views of the archive can be read here, and nothing written.")
    if isinstance(error, duckdb.OutOfMemoryException):
        return Refused(text, "Ask for fewer days (WHERE day = …), fewer columns or fewer groups.")
    return Refused(text, "`watchkeeper sql` alone lists the views and their columns.")
