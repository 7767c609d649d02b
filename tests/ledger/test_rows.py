"""Any text survives the way into Postgres, by COPY and as an array."""

from collections.abc import Iterator

import msgspec
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql

from ledger import arrays, rows
from ledger.audit_rows import Table, line_of
from tests.factories import minute

pytestmark = pytest.mark.servers

texts = st.lists(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
    | st.sampled_from(["", "\\N", "\\.", "NULL", '"', "{}", ",", "a\tb\nc\rd\\"]),
    max_size=6,
)
gently = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def connection(postgres_database: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(postgres_database) as connection:
        connection.execute("CREATE TEMP TABLE kept (number int, value text, made timestamptz)")
        yield connection


@gently
@given(texts)
def test_text_is_copied_as_it_is_and_read_back_as_it_was_written(
    connection: psycopg.Connection, values: list[str]
) -> None:
    connection.execute("TRUNCATE kept")
    lines = msgspec.json.Encoder().encode_lines(list(enumerate(values)))
    statement = f"COPY kept (number, value) FROM STDIN {rows.AS_LINES}"
    with connection.cursor().copy(statement.encode()) as copy:
        if values:
            copy.write(rows.as_csv(lines))

    found = connection.execute("SELECT value FROM kept ORDER BY number").fetchall()
    assert [value for (value,) in found] == values
    assert again(connection) == msgspec.json.Encoder().encode_lines([(text,) for text in values])


def again(connection: psycopg.Connection) -> bytes:
    table = Table("number, 0", ("value",), "kept t")
    query = table.query(sql.SQL("number >= 0"))
    with connection.cursor() as cursor, cursor.copy(query) as copy:
        return b"".join(line_of(table, line).line for line in copy)


@gently
@given(texts)
def test_text_is_the_same_in_an_array(connection: psycopg.Connection, values: list[str]) -> None:
    given = [arrays.texts(values)]
    assert connection.execute("SELECT %s::text[]", given).fetchone() == (values,)


def test_numbers_and_ids_are_the_same_in_an_array(connection: psycopg.Connection) -> None:
    numbers = [0, -1, 2**63 - 1, -(2**63)]
    row = connection.execute("SELECT %s::bigint[]", [arrays.integers(numbers)]).fetchone()
    assert row == (numbers,)

    ids = [bytes(range(16)), b"\xff" * 16]
    row = connection.execute("SELECT %s::uuid[]", [arrays.uuids(ids)]).fetchone()
    assert row is not None
    assert [found.bytes for found in row[0]] == ids


def test_instants_are_copied_to_the_microsecond(connection: psycopg.Connection) -> None:
    instants = [minute(0), minute(1.23455), minute(2).replace(microsecond=1)]
    lines = msgspec.json.Encoder().encode_lines([(0, None, instant) for instant in instants])
    statement = f"COPY kept (number, value, made) FROM STDIN {rows.AS_LINES}"
    with connection.cursor().copy(statement.encode()) as copy:
        copy.write(rows.as_csv(lines))

    found = connection.execute("SELECT value, made FROM kept ORDER BY made").fetchall()
    assert found == [(None, instant) for instant in instants]
