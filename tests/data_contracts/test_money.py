"""Money adds up in one currency and is written as people write it."""

import pytest

from data_contracts.money import Money, currencies
from data_contracts.violation import ContractViolation


@pytest.mark.parametrize(
    ("money", "written"),
    [
        (Money(1250, "EUR"), "12.50 EUR"),
        (Money(5, "EUR"), "0.05 EUR"),
        (Money(-5, "EUR"), "-0.05 EUR"),
        (Money(-1250, "EUR"), "-12.50 EUR"),
        (Money(0, "USD"), "0.00 USD"),
        (Money(1250, "JPY"), "1250 JPY"),
        (Money(1250, "KWD"), "1.250 KWD"),
        (Money(12345, "CLF"), "1.2345 CLF"),
    ],
)
def test_money_is_written_with_the_digits_of_its_currency(money: Money, written: str) -> None:
    assert str(money) == written


def test_money_of_one_currency_adds_up() -> None:
    assert Money(1250, "EUR") + Money(-250, "EUR") == Money(1000, "EUR")


def test_two_currencies_do_not_add_up() -> None:
    with pytest.raises(ContractViolation) as refusal:
        Money(1, "EUR") + Money(1, "USD")
    assert refusal.value.code == "currency-mixed"


def test_currencies_are_those_that_are_active() -> None:
    assert currencies()["EUR"] == 2
    assert "DEM" not in currencies()
    assert "XXX" not in currencies()  # Not a currency: it has no minor unit.
