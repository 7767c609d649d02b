"""Card precision, counted by hand."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from analytics.backtest.cards import card_precision
from analytics.backtest.values import CardPrecision
from tests.analytics.backtest.pasts import a_past, seen
from tests.factories import NOON


def day(number: int) -> datetime:
    return NOON + timedelta(days=number)


def of(
    number: int, card: str, score: int, *, is_fraud: bool = False, amount_minor: int = 1_000
) -> dict[str, Any]:
    return seen(
        day(number), card_token=card, score=score, is_fraud=is_fraud, amount_minor=amount_minor
    )


def precision(*rows: dict[str, Any], cards: int = 2) -> CardPrecision | None:
    return card_precision(a_past(of(0, "old", 0), *rows, labels=True).rows, cards)


def test_the_cards_with_the_highest_score_of_a_day_are_looked_at() -> None:
    found = precision(
        of(14, "a", 10),
        of(14, "a", 90, is_fraud=True),
        of(14, "b", 50),
        of(14, "c", 20, is_fraud=True),
    )
    assert found == CardPrecision(cards=2, days=1, mean=0.5)


def test_of_equal_scores_the_card_that_moved_more_comes_first() -> None:
    rows = [of(14, "a", 50), of(14, "b", 50, is_fraud=True, amount_minor=2_000)]
    assert precision(*rows, cards=1) == CardPrecision(cards=1, days=1, mean=1.0)


def test_nobody_looks_at_a_score_of_nought() -> None:
    found = precision(of(14, "a", 0, is_fraud=True), of(14, "b", 10, is_fraud=True))
    assert found == CardPrecision(cards=2, days=1, mean=0.5)


@pytest.mark.parametrize(
    ("days_before", "mean"), [(1, 0.5), (7, 0.5), (8, 0.0), (14, 0.0), (15, 0.5)]
)
def test_a_card_of_which_the_bank_knows_is_left_out(days_before: int, mean: float) -> None:
    found = precision(of(15 - days_before, "a", 0, is_fraud=True), of(15, "a", 90, is_fraud=True))
    assert found is not None
    assert found.mean * found.days == mean


def test_days_without_enough_past_do_not_count() -> None:
    assert precision(of(13, "a", 90, is_fraud=True)) is None
