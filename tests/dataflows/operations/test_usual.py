"""What is usual: a plain mean at first, fading later, that one odd minute hardly moves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataflows.operations.usual import ENTITIES_MAX, SMALL, Baseline, Mean
from rules.operation_rules import Usual
from tests.dataflows.operations.traffic import MINUTE_MS, MONDAY_MS

MONDAY = MONDAY_MS // MINUTE_MS
DAY = 24 * 60


def baseline() -> Baseline:
    return Baseline(tile_ms=MINUTE_MS)


def whole(known: Baseline, tile: int, usual: Usual = Usual.HOUR, least: float = 1) -> float | None:
    expected = known.expected("card", range(tile, tile + 1), usual, least)
    return None if expected is None else expected.whole


@given(st.lists(st.integers(90, 110), min_size=1, max_size=100))
def test_at_first_it_is_the_plain_mean(counts: list[int]) -> None:
    mean = Mean()
    for count in counts:
        mean.learn(count, 0, 1_000)
    assert mean.whole == pytest.approx(sum(counts) / len(counts))
    assert mean.tiles == len(counts)


def test_later_the_last_ones_weigh_more() -> None:
    mean = Mean()
    for count in [100] * 50 + [150] * 50:
        mean.learn(count, 0, 10)
    assert 145 < mean.whole <= 150


@given(st.integers(1, 10**6), st.integers(0, 10**9))
def test_one_odd_tile_moves_it_little(usual: int, odd: int) -> None:
    mean = Mean()
    for _ in range(100):
        mean.learn(usual, 0, 1_000)
    mean.learn(odd, 0, 1_000)
    assert usual * 0.99 <= mean.whole <= usual * 1.01 + SMALL / 100


def test_a_channel_that_was_nearly_unused_can_become_busy() -> None:
    mean = Mean()
    for count in [0] * 50 + [500] * 200:
        mean.learn(count, 0, 30)
    assert mean.whole > 450


@given(st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), min_size=1))
def test_a_part_is_never_more_than_the_whole(pairs: list[tuple[int, int]]) -> None:
    mean = Mean()
    for one, other in pairs:
        mean.learn(max(one, other), min(one, other), 30)
        assert 0 <= mean.part <= mean.whole + 1e-9


def test_an_hour_that_was_never_seen_has_no_usual() -> None:
    known = baseline()
    for tile in range(60):
        known.learn("card", MONDAY + tile, 100, 0)
    assert whole(known, MONDAY + 59) == pytest.approx(100)
    assert whole(known, MONDAY + 60) is None
    assert whole(known, MONDAY + 60, Usual.RECENT) == pytest.approx(100)


def test_the_next_day_knows_the_hour_of_the_day_and_a_week_later_that_of_the_week() -> None:
    known = baseline()
    for tile in range(60):
        known.learn("card", MONDAY + tile, 100, 0)
        known.learn("card", MONDAY + DAY + tile, 150, 0)
    wednesday, tuesday = MONDAY + 2 * DAY, MONDAY + 8 * DAY
    assert whole(known, wednesday) == pytest.approx(125)
    assert whole(known, tuesday) == pytest.approx(150)
    assert whole(known, tuesday, least=61) == pytest.approx(125)


def test_a_window_over_two_hours_expects_something_of_both() -> None:
    known = baseline()
    for tile in range(60):
        known.learn("card", MONDAY + tile, 100, 10)
        known.learn("card", MONDAY + 60 + tile, 200, 20)
    expected = known.expected("card", range(MONDAY + 57, MONDAY + 62), Usual.HOUR, 1)
    assert expected is not None
    assert expected.whole == pytest.approx(3 * 100 + 2 * 200)
    assert expected.part == pytest.approx(3 * 10 + 2 * 20)
    assert expected.tiles == 60


def test_after_an_interruption_lately_is_forgotten_and_hours_are_not() -> None:
    known = baseline()
    known.learn("card", MONDAY, 100, 0)
    known.forget_lately()
    assert whole(known, MONDAY, Usual.RECENT) is None
    assert whole(known, MONDAY) == pytest.approx(100)


def test_what_never_did_anything_is_not_missed() -> None:
    known = baseline()
    known.learn("branch", MONDAY, 0, 0)
    assert not list(known.entities())


def test_the_memory_has_a_limit() -> None:
    known = baseline()
    for number in range(ENTITIES_MAX + 10):
        known.learn(f"e{number}", MONDAY, 1, 0)
    assert len(list(known.entities())) == ENTITIES_MAX


def test_hours_of_the_week_begin_on_monday() -> None:
    known = baseline()
    known.learn("card", MONDAY, 100, 0)
    known.learn("card", MONDAY + 23 * 60, 100, 0)
    assert {"w0", "d0", "w23", "d23", "r"} == set(known.means["card"])
