"""Shares and their intervals."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.backtest.proportions import proportion, quality
from analytics.backtest.values import Proportion

COUNTS = st.integers(1, 10**7).flatmap(
    lambda of: st.tuples(st.integers(0, of), st.just(of)),
)


def known(count: int, of: int) -> Proportion:
    found = proportion(count, of)
    assert found is not None
    return found


def test_the_interval_is_that_of_the_textbook() -> None:
    # Wilson's interval of 8 in 10, worked out by hand with z = 1.96: (0.4902, 0.9433).
    found = known(8, 10)
    assert found.share == 0.8
    assert (round(found.low, 4), round(found.high, 4)) == (0.4902, 0.9433)


def test_of_nothing_there_is_no_share() -> None:
    assert proportion(0, 0) is None


def test_none_of_ten_may_still_be_more_than_a_quarter() -> None:
    found = known(0, 10)
    assert (found.low, round(found.high, 4)) == (0.0, 0.2775)


@given(COUNTS)
def test_the_share_lies_in_its_interval_and_that_within_nought_and_one(
    counts: tuple[int, int],
) -> None:
    found = known(*counts)
    assert 0.0 <= found.low <= found.share <= found.high <= 1.0
    assert found.low < found.high


@given(COUNTS)
def test_the_interval_of_the_others_is_its_mirror(counts: tuple[int, int]) -> None:
    count, of = counts
    found, others = known(count, of), known(of - count, of)
    assert found.low == pytest.approx(1 - others.high, abs=1e-12)


@given(COUNTS)
def test_more_of_the_same_makes_it_narrower(counts: tuple[int, int]) -> None:
    count, of = counts
    few, many = known(count, of), known(4 * count, 4 * of)
    assert many.high - many.low < few.high - few.low


def test_false_positives_are_counted_for_each_true_one() -> None:
    found = quality(true_positives=2, false_positives=6, frauds=8)
    precision = known(2, 8)
    assert found.precision == precision
    assert found.recall == proportion(2, 8)
    assert found.false_positive_ratio is not None
    assert found.false_positive_ratio.ratio == 3.0
    low, high = precision.low, precision.high
    assert found.false_positive_ratio.low == (1 - high) / high
    assert found.false_positive_ratio.high == (1 - low) / low


def test_without_a_true_one_the_ratio_has_no_end() -> None:
    found = quality(true_positives=0, false_positives=3, frauds=8)
    assert found.false_positive_ratio is not None
    assert found.false_positive_ratio.ratio is None
    assert found.false_positive_ratio.high is None
    assert found.false_positive_ratio.low is not None


def test_a_rule_that_never_hits_has_no_precision_but_a_recall() -> None:
    found = quality(true_positives=0, false_positives=0, frauds=8)
    assert found.precision is None
    assert found.false_positive_ratio is None
    assert found.recall is not None
    assert found.recall.share == 0.0
