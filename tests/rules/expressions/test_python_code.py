"""The generated Python says what the naive walk over the tree says."""

from collections.abc import Mapping

import pytest
from hypothesis import example, given

from data_contracts.transaction import Transaction
from rules.expressions import tree
from rules.expressions.kinds import Kind
from rules.expressions.naive import Known, Naive
from rules.expressions.names import fields
from rules.expressions.python_code import PythonCode, function_of, grouped, loads
from rules.instants import epoch_ms
from tests.factories import a_transaction
from tests.rules.strategies import FEATURES, LISTS, conditions, features, transactions

CODE = PythonCode({name: f"values[{name!r}]" for name in FEATURES}, {name: name for name in LISTS})
ENTRIES = {name: dict.fromkeys(values, "entry") for name, values in LISTS.items()}
KNOWN = {**ENTRIES, "is_valid": lambda _entry, _transaction: True}

COUNTRY = tree.Field("country", Kind.TEXT, is_nullable=True)
IS_FRENCH = tree.Compare(tree.Comparison.EQUAL, COUNTRY, tree.Literal("FR", Kind.TEXT))


def by_code(
    condition: tree.Condition, transaction: Transaction, values: Mapping[str, Known | None]
) -> bool:
    body = [*loads(tree.fields_of(condition)), f"return {CODE.true(condition)}"]
    return bool(function_of("ask", "transaction, values", body, KNOWN)(transaction, values))


def by_walking(
    condition: tree.Condition, transaction: Transaction, values: Mapping[str, Known | None]
) -> bool | None:
    plain = {name: getattr(transaction, name) for name in fields()}
    plain["occurred_at"] = epoch_ms(transaction.occurred_at)
    return Naive(plain, values, LISTS).holds(condition)


@given(conditions(), transactions(), features())
def test_the_code_is_true_where_the_tree_is(
    condition: tree.Condition, transaction: Transaction, values: Mapping[str, Known | None]
) -> None:
    assert by_code(condition, transaction, values) is (
        by_walking(condition, transaction, values) is True
    )


@given(conditions(), transactions(), features())
@example(IS_FRENCH, a_transaction(country=None), dict.fromkeys(FEATURES))
def test_the_code_of_the_opposite_is_true_where_the_tree_is_false(
    condition: tree.Condition, transaction: Transaction, values: Mapping[str, Known | None]
) -> None:
    assert by_code(tree.Not(condition), transaction, values) is (
        by_walking(condition, transaction, values) is False
    )


@given(conditions(), transactions(), features())
def test_the_terms_together_are_the_condition(
    condition: tree.Condition, transaction: Transaction, values: Mapping[str, Known | None]
) -> None:
    body = [
        *loads(tree.fields_of(condition)),
        "found = False",
        *grouped([(CODE.terms(condition), "found = True")]),
        "return found",
    ]
    found = function_of("ask", "transaction, values", body, KNOWN)(transaction, values)
    assert found is (by_walking(condition, transaction, values) is True)


TRUE = tree.Not(tree.IsNull(tree.Literal(1, Kind.WHOLE)))
FALSE = tree.IsNull(tree.Literal(1, Kind.WHOLE))
UNKNOWN = IS_FRENCH
ANSWERS: dict[bool | None, tree.Condition] = {True: TRUE, False: FALSE, None: UNKNOWN}


@pytest.mark.parametrize(
    ("left", "right", "both", "either"),
    [
        (True, True, True, True),
        (True, False, False, True),
        (True, None, None, True),
        (False, False, False, False),
        (False, None, False, None),
        (None, None, None, None),
    ],
)
def test_unknown_follows_kleene(
    *, left: bool | None, right: bool | None, both: bool | None, either: bool | None
) -> None:
    transaction = a_transaction(country=None)
    for parts in ((ANSWERS[left], ANSWERS[right]), (ANSWERS[right], ANSWERS[left])):
        for condition, expected in ((tree.All(parts), both), (tree.Any(parts), either)):
            assert by_walking(condition, transaction, {}) is expected
            assert by_code(condition, transaction, {}) is (expected is True)
            assert by_code(tree.Not(condition), transaction, {}) is (expected is False)


@pytest.mark.parametrize("part", tree.Part)
def test_a_part_of_an_instant_is_that_of_the_calendar_in_utc(part: tree.Part) -> None:
    occurred_at = tree.Field("occurred_at", Kind.INSTANT, is_nullable=False)
    transaction = a_transaction()
    expected = {tree.Part.HOUR: 12, tree.Part.WEEKDAY: 1}[part]
    condition = tree.OneOf(tree.PartOf(part, occurred_at), (expected,))
    assert by_code(condition, transaction, {})
