"""How figures are written."""

from analytics.backtest import words
from analytics.backtest.proportions import proportion, quality
from analytics.backtest.values import Verdicts


def test_shares_keep_their_interval() -> None:
    assert words.interval(proportion(8, 10)) == "80.0 % (49.0-94.3)"
    assert words.interval(None) == "-"


def test_a_small_share_is_not_called_nought() -> None:
    assert words.share(1 / 100_000) == "< 0.1 %"
    assert words.share(0) == "0.0 %"


def test_false_ones_for_each_true_one() -> None:
    assert words.ratio(quality(20, 30, 100).false_positive_ratio) == "1.50 : 1 (0.86-2.62)"
    assert words.ratio(quality(0, 30, 100).false_positive_ratio) == "no true one"


def test_money_is_written_in_whole_units_of_each_currency() -> None:
    assert words.money({"EUR": 123_450, "JPY": 2_000}) == "1,234 EUR, 2,000 JPY"
    assert words.money({}) == "-"


def test_changes_bear_a_sign() -> None:
    assert (words.signed(1.234), words.signed(-12.34), words.signed(0.001)) == (
        "+1.23",
        "-12.3",
        "±0",
    )
    assert (words.signed_count(1_234), words.signed_count(0)) == ("+1,234", "±0")


def test_verdicts_are_shares_in_their_order() -> None:
    assert words.verdicts(Verdicts(approve=1, review=2, decline=1)) == "25/50/25"
    assert words.verdicts(Verdicts()) == "-"
