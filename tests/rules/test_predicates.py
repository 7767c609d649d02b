"""Many conditions over a transaction, answered as bits."""

import pytest

from rules.expressions.conditions import WrongExpression
from rules.predicates import compile_masks
from tests.factories import a_transaction


def test_each_bit_is_one_condition() -> None:
    masks = compile_masks(["channel = 'card'", "amount_minor > 5000", "device_id IS NULL"])
    assert masks(a_transaction(amount_minor=100)) == 0b101
    assert masks(a_transaction(amount_minor=6_000, device_id="d")) == 0b011


def test_an_unknown_condition_is_not_true() -> None:
    masks = compile_masks(["country = 'DE'", "country <> 'DE'", "NOT country = 'DE'"])
    assert masks(a_transaction(country=None)) == 0


def test_no_condition_is_no_bit() -> None:
    assert compile_masks([])(a_transaction()) == 0


def test_more_conditions_than_bits_in_a_word() -> None:
    masks = compile_masks([f"amount_minor = {number}" for number in range(1, 101)])
    assert masks(a_transaction(amount_minor=90)) == 1 << 89


def test_features_have_no_place_here() -> None:
    with pytest.raises(WrongExpression, match="card_count_10m"):
        compile_masks(["card_count_10m > 1"])
