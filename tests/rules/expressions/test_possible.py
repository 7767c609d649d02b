"""What can never be true is found; what some transaction makes true is never called impossible."""

import pytest
from hypothesis import given, settings

from data_contracts.transaction import Transaction
from rules.expressions import tree
from rules.expressions.conditions import condition_of
from rules.expressions.kinds import ValueType
from rules.expressions.naive import Naive
from rules.expressions.names import Names, fields, names_of
from rules.expressions.normal import Normal
from rules.expressions.possible import are_same, contradiction, is_possible, not_true
from rules.instants import epoch_ms
from tests.rules.rule_sets import AVERAGE, COUNT
from tests.rules.strategies import FEATURES, LISTS, conditions, features, transactions

NAMES = names_of([AVERAGE, COUNT], ["risky"])
ANYTHING = Names(
    {name: ValueType(kind, -(10.0**30), 10.0**30) for name, kind in FEATURES.items()}, tuple(LISTS)
)


def naive(transaction: Transaction, found: dict[str, int | float | str | None]) -> Naive:
    values = {}
    for name in fields():
        value = getattr(transaction, name)
        is_instant = name in {"occurred_at", "received_at"} and value is not None
        values[name] = epoch_ms(value) if is_instant else value
    return Naive(values, found, LISTS)


@settings(max_examples=500, deadline=None)
@given(condition=conditions(), transaction=transactions(), found=features())
def test_what_is_true_of_something_is_possible(
    condition: tree.Condition,
    transaction: Transaction,
    found: dict[str, int | float | str | None],
) -> None:
    judge = naive(transaction, found)
    if judge.holds(condition):
        assert is_possible(condition, ANYTHING)
    else:
        assert is_possible(not_true(Normal(ANYTHING).of(condition)), ANYTHING)


@settings(max_examples=500, deadline=None)
@given(condition=conditions(), transaction=transactions(), found=features())
def test_the_normal_form_says_the_same(
    condition: tree.Condition,
    transaction: Transaction,
    found: dict[str, int | float | str | None],
) -> None:
    judge = naive(transaction, found)
    normal = Normal(ANYTHING).of(condition)
    assert judge.holds(normal) is judge.holds(condition)
    assert (judge.holds(not_true(normal)) is True) is (judge.holds(condition) is not True)


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ("amount_minor > 100 AND amount_minor < 50", True),
        ("card_count_10m > 4 AND card_count_10m < 5", True),
        ("card_avg_24h > 4 AND card_avg_24h < 5", False),
        ("amount_minor > card_avg_24h AND card_avg_24h > amount_minor", True),
        ("amount_minor >= card_avg_24h AND card_avg_24h >= amount_minor", False),
        ("counterparty_id LIKE 'a%' AND counterparty_id = 'bc'", True),
        ("counterparty_id LIKE 'a%' AND counterparty_id LIKE '%c'", False),
        ("abs(latitude) > 5 AND abs(latitude) < 3", True),
        ("country IN risky AND country NOT IN risky", True),
        ("country IS NULL OR country <> 'DE'", False),
        ("hour(occurred_at) < 4 OR hour(occurred_at) >= 4", True),
        ("weekday(occurred_at) <> 6 OR weekday(occurred_at) <> 7", True),
    ],
)
def test_contradictions_are_found(text: str, is_found: bool) -> None:  # noqa: FBT001  (a parameter)
    assert (contradiction(condition_of(text, NAMES), NAMES) is not None) is is_found


def test_conditions_that_say_the_same_are_recognised() -> None:
    same = condition_of("card_count_10m > 2 AND card_count_10m >= 2", NAMES)
    other = condition_of("NOT (card_count_10m < 3)", NAMES)
    assert are_same(same, other, NAMES)
    assert not are_same(same, condition_of("card_count_10m >= 2", NAMES), NAMES)
