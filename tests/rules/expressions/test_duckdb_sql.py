"""The SQL says what the naive walk over the tree says, unknown included."""

from collections.abc import Iterator

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rules.expressions import tree
from rules.expressions.duckdb_sql import DuckdbSql, literal
from rules.expressions.kinds import Kind
from rules.instants import epoch_ms
from rules.model import ListEntry
from tests.factories import NOON, a_transaction
from tests.rules.expressions.test_polars_code import ENTRIES, Row, a_frame, by_walking
from tests.rules.strategies import FEATURES, conditions, features, transactions

CODE = DuckdbSql(ENTRIES)
NOTHING = dict.fromkeys(FEATURES)
OLD = tree.Arithmetic(
    tree.Operator.SUBTRACT,
    tree.Literal(epoch_ms(NOON), Kind.INSTANT),
    tree.Literal(epoch_ms(NOON) + 90_000_001, Kind.DURATION),
)
BEFORE_1970 = tree.Compare(
    tree.Comparison.EQUAL, tree.PartOf(tree.Part.WEEKDAY, OLD), tree.Literal(3, Kind.WHOLE)
)


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:") as found:
        found.execute("SET TimeZone = 'UTC'")
        yield found


def by_sql(connection: duckdb.DuckDBPyConnection, sql: str, rows: list[Row]) -> list[bool | None]:
    connection.register("history", a_frame(rows).with_row_index("place").to_arrow())
    found = connection.execute(f"SELECT {sql} FROM history ORDER BY place").fetchall()  # noqa: S608  (made from a tree)
    connection.unregister("history")
    return [row[0] for row in found]


@settings(deadline=None)
@given(conditions(), st.lists(st.tuples(transactions(), features()), min_size=1, max_size=4))
@example(BEFORE_1970, [(a_transaction(), NOTHING)])
def test_the_sql_is_true_false_and_unknown_where_the_tree_is(
    connection: duckdb.DuckDBPyConnection, condition: tree.Condition, rows: list[Row]
) -> None:
    found = by_sql(connection, CODE.condition(condition), rows)

    assert found == [by_walking(condition, row) for row in rows]


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**62), 2**62) | st.text())
@example(0.1)
@example(-0.0)
@example("it's")
def test_a_literal_comes_back_as_it_was(
    connection: duckdb.DuckDBPyConnection, value: float | str
) -> None:
    if isinstance(value, str) and "\x00" in value:
        return
    ((found,),) = connection.execute(f"SELECT {literal(value)}").fetchall()

    assert repr(found) == repr(value)


@pytest.mark.parametrize(
    ("milliseconds", "is_listed"), [(-1, False), (0, True), (999, True), (1000, False)]
)
def test_an_entry_counts_from_its_first_to_its_last_millisecond(
    connection: duckdb.DuckDBPyConnection, milliseconds: int, *, is_listed: bool
) -> None:
    begins = epoch_ms(NOON) - milliseconds
    entry = ListEntry(
        value="DE",
        owner="risk",
        reason="because",
        valid_from_ms=begins,
        expires_at_ms=begins + 1000,
    )
    listed = tree.Listed(tree.Field("country", Kind.TEXT, is_nullable=True), "short")
    rows: list[Row] = [(a_transaction(country="DE"), NOTHING)]

    found = by_sql(connection, DuckdbSql({"short": [entry]}).condition(listed), rows)

    assert found == [is_listed]
