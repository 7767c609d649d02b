import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.bench import statistics

NEVER = statistics.NEVER


def test_percentiles_are_latencies_that_somebody_had() -> None:
    found = statistics.latencies(np.arange(1, 101) / 1_000)
    assert (found.p50, found.p95, found.p99) == (50.0, 95.0, 99.0)


def test_what_was_never_seen_has_no_latency() -> None:
    found = statistics.latencies(np.array([NEVER, 0.25, NEVER]))
    assert (found.p50, found.p99) == (250.0, 250.0)
    assert statistics.latencies(np.array([NEVER])).p95 is None


@given(st.lists(st.floats(0, 100), min_size=1, max_size=300))
def test_at_most_one_in_twenty_is_slower_than_the_p95(seconds: list[float]) -> None:
    p95 = statistics.latencies(np.array(seconds)).p95
    assert p95 is not None
    slower = sum(round(each * 1_000, 2) > p95 for each in seconds)
    assert slower <= 0.05 * len(seconds)


def test_a_transaction_is_due_with_the_last_one_of_its_batch() -> None:
    due = statistics.due_moments(5, per_second=10.0, batch=2)
    assert due.tolist() == [0.1, 0.1, 0.3, 0.3, 0.4]


def test_a_position_is_booked_when_a_watermark_first_reaches_it() -> None:
    marks, moments = np.array([4, 9]), np.array([1.0, 2.0])
    booked = statistics.committed_moments(np.array([0, 4, 5, 9]), marks, moments)
    assert booked.tolist() == [1.0, 1.0, 2.0, 2.0]


def test_what_no_watermark_reached_is_not_booked() -> None:
    booked = statistics.committed_moments(np.array([10, -1]), np.array([9]), np.array([1.0]))
    assert np.isnan(booked).all()
    nothing = statistics.committed_moments(np.array([1]), np.array([], dtype=int), np.array([]))
    assert np.isnan(nothing).all()


def test_a_rate_counts_what_happened_between_the_first_and_the_last() -> None:
    moments = np.array([0.0, 10.0, 10.5, NEVER, 11.0])
    measured = np.array([False, True, True, True, True])
    assert statistics.rate(moments, measured) == 2.0


@pytest.mark.parametrize("moments", [[], [1.0], [1.0, 1.0]])
def test_a_rate_needs_two_moments(moments: list[float]) -> None:
    assert statistics.rate(np.array(moments), np.full(len(moments), fill_value=True)) == 0.0
