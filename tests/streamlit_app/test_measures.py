from datetime import UTC, datetime, timedelta

import pytest

from data_contracts.monitoring import Histogram, ProcessHealth, Snapshot
from streamlit_app.measures import (
    cpu_share,
    grown,
    lag,
    measure,
    measures,
    quantile,
    recent,
    troubles,
)

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
BOUNDS = (0.1, 0.5, 1.0)


def a_snapshot(**changes: object) -> Snapshot:
    scoring = ProcessHealth(name="scoring", is_up=True, position=99)
    defaults: dict[str, object] = {
        "taken_at": NOON,
        "processes": (scoring,),
        "servers": {"kafka": True},
        "log_end": 100,
    }
    return Snapshot(**(defaults | changes))  # type: ignore[arg-type]  # a test's shorthand


def test_a_rate_is_what_was_counted_between_two_snapshots() -> None:
    before = a_snapshot(accepted=100.0, decisions={"approve": 90.0})
    after = a_snapshot(
        taken_at=NOON + timedelta(seconds=2), accepted=300.0, decisions={"approve": 190.0}
    )
    between = measure(before, after)
    assert between.accepted_per_second == 100
    assert between.decided_per_second == {"approve": 50, "review": 0, "decline": 0}


def test_a_restarted_counter_counts_from_zero() -> None:
    assert grown(before=500.0, after=20.0) == 20


def test_one_snapshot_measures_nothing() -> None:
    assert measures([a_snapshot()]) == []


def test_a_quantile_lies_within_the_bucket_that_holds_it() -> None:
    before = Histogram(bounds=BOUNDS, counts=(0, 0, 0), count=0)
    after = Histogram(bounds=BOUNDS, counts=(50, 100, 100), count=100)
    assert quantile(0.25, before, after) == pytest.approx(0.05)
    assert quantile(0.75, before, after) == pytest.approx(0.3)


def test_a_quantile_of_the_unbounded_bucket_is_its_floor() -> None:
    after = Histogram(bounds=BOUNDS, counts=(0, 0, 0), count=10)
    assert quantile(0.95, None, after) == 1.0


def test_only_the_new_observations_count() -> None:
    before = Histogram(bounds=BOUNDS, counts=(100, 100, 100), count=100)
    after = Histogram(bounds=BOUNDS, counts=(100, 100, 110), count=110)
    assert quantile(0.5, before, after) == pytest.approx(0.75)
    assert quantile(0.5, before, before) is None


def test_the_lag_is_what_the_log_has_beyond_a_position() -> None:
    assert lag(a_snapshot(log_end=150), "scoring") == 50
    assert lag(a_snapshot(), "scoring") == 0
    assert lag(a_snapshot(), "posting") is None


def test_troubles_name_what_is_down_and_what_is_behind() -> None:
    snapshot = a_snapshot(
        servers={"kafka": False},
        log_end=90_000,
        processes=(
            ProcessHealth(name="scoring", is_up=True, position=10),
            ProcessHealth(name="api", is_up=False),
        ),
    )
    assert troubles(snapshot) == [
        "kafka does not answer",
        "api is down",
        "scoring is 89,989 positions behind",
    ]
    assert troubles(a_snapshot()) == []


def test_rules_held_by_a_breaker_and_waiting_dead_letters_are_troubles_too() -> None:
    found = troubles(a_snapshot(dead_letters=3), rules_held=1)
    assert found == ["1 rule is held in shadow", "3 dead letters wait"]


def test_the_flagged_share_is_of_what_was_decided() -> None:
    after = a_snapshot(
        taken_at=NOON + timedelta(seconds=2),
        decisions={"approve": 90.0, "review": 8.0, "decline": 2.0},
    )
    assert measure(a_snapshot(), after).flagged_share == pytest.approx(0.1)
    assert measure(after, after).flagged_share is None


def test_recent_snapshots_are_counted_from_the_last_one() -> None:
    taken = [a_snapshot(taken_at=NOON + timedelta(seconds=second)) for second in (0, 500, 508)]
    assert recent(taken, 10) == taken[1:]


def test_who_does_not_follow_the_log_is_not_behind_it() -> None:
    processes = (
        ProcessHealth(name="scoring", is_up=True, position=90),
        ProcessHealth(name="api", is_up=True),
    )
    now = a_snapshot(processes=processes)
    assert measure(now, now).behind == {"scoring": 9}


def test_the_share_of_a_core_is_of_the_time_between() -> None:
    def used(seconds: float, at: datetime) -> Snapshot:
        scoring = ProcessHealth(name="scoring", is_up=True, cpu_seconds=seconds)
        return a_snapshot(processes=(scoring,), taken_at=at)

    assert cpu_share(used(10, NOON), used(10.5, NOON + timedelta(seconds=2)), "scoring") == 0.25
    assert cpu_share(used(10, NOON), used(11, NOON), "scoring") is None
