"""Any text survives the way into Postgres, by COPY and as an array."""

from collections.abc import Iterator

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger import arrays, rows
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
def test_text_is_copied_as_it_is(connection: psycopg.Connection, values: list[str]) -> None:
    connection.execute("TRUNCATE kept")
    with connection.cursor().copy("COPY kept (number, value) FROM STDIN") as copy:
        for number, value in enumerate(values):
            copy.write(f"{number}\t{rows.text(value)}\n")

    found = connection.execute("SELECT value FROM kept ORDER BY number").fetchall()
    assert [value for (value,) in found] == values


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


def test_instants_are_copied_to_the_millisecond(connection: psycopg.Connection) -> None:
    first, second = minute(0), minute(1.23455)
    with connection.cursor().copy("COPY kept (number, value, made) FROM STDIN") as copy:
        copy.write(f"1\t\\N\t{rows.instants(first)}\n")
        copy.write(f"2\t{rows.instants(first, second)}\n")

    found = connection.execute("SELECT made FROM kept ORDER BY number").fetchall()
    assert [made for (made,) in found] == [first, second]
