"""The Polars expression says what the naive walk over the tree says, unknown included."""

from collections.abc import Mapping

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_contracts.transaction import Transaction
from rules.expressions import tree
from rules.expressions.kinds import Kind
from rules.expressions.naive import Known, Naive
from rules.expressions.names import fields
from rules.expressions.polars_code import PolarsCode, dtype_of
from rules.instants import epoch_ms
from rules.model import ListEntry
from tests.factories import NOON, a_transaction
from tests.rules.strategies import FEATURES, LISTS, conditions, features, transactions

ENTRIES = {
    name: [ListEntry(value=value, owner="risk", reason="because") for value in values]
    for name, values in LISTS.items()
}
CODE = PolarsCode(ENTRIES)
Row = tuple[Transaction, Mapping[str, Known | None]]


def a_frame(rows: list[Row]) -> pl.DataFrame:
    types = {
        name: pl.Datetime("ms", "UTC") if found.kind is Kind.INSTANT else dtype_of(found.kind)
        for name, found in fields().items()
    } | {name: dtype_of(kind) for name, kind in FEATURES.items()}
    columns = {name: [getattr(item, name) for item, _ in rows] for name in fields()}
    columns |= {name: [values[name] for _, values in rows] for name in FEATURES}
    texts = {
        name: [None if value is None else str(value) for value in columns[name]]
        for name, kind in types.items()
        if kind == pl.String
    }
    return pl.DataFrame(columns | texts, schema=types)


def by_code(condition: tree.Condition, rows: list[Row]) -> list[bool | None]:
    return a_frame(rows).with_columns(found=CODE.condition(condition))["found"].to_list()


def by_walking(condition: tree.Condition, row: Row) -> bool | None:
    transaction, values = row
    plain = {name: getattr(transaction, name) for name in fields()}
    plain["occurred_at"] = epoch_ms(transaction.occurred_at)
    return Naive(plain, values, LISTS).holds(condition)


@given(conditions(), st.lists(st.tuples(transactions(), features()), min_size=1, max_size=4))
def test_the_expression_is_true_false_and_unknown_where_the_tree_is(
    condition: tree.Condition, rows: list[Row]
) -> None:
    assert by_code(condition, rows) == [by_walking(condition, row) for row in rows]


def test_a_literal_that_is_known_first_is_so_in_every_row() -> None:
    one = tree.Literal(1, Kind.WHOLE)
    first = tree.FirstKnown((one, tree.Field("amount_minor", Kind.WHOLE, is_nullable=False)))
    row: Row = (a_transaction(), dict.fromkeys(FEATURES))

    condition = tree.Compare(tree.Comparison.EQUAL, one, first)
    assert by_code(condition, [row, row]) == [True, True]


@pytest.mark.parametrize(
    ("milliseconds", "is_listed"), [(-1, False), (0, True), (999, True), (1000, False)]
)
def test_an_entry_counts_from_its_first_to_its_last_millisecond(
    milliseconds: int, *, is_listed: bool
) -> None:
    begins = epoch_ms(NOON)
    entry = ListEntry(
        value="DE",
        owner="risk",
        reason="because",
        valid_from_ms=begins - milliseconds,
        expires_at_ms=begins - milliseconds + 1000,
    )
    listed = tree.Listed(tree.Field("country", Kind.TEXT, is_nullable=True), "short")
    frame = a_frame([(a_transaction(country="DE"), dict.fromkeys(FEATURES))])

    found = frame.select(PolarsCode({"short": [entry]}).condition(listed)).item()

    assert found is is_listed
