"""Each rule on traffic as it comes: when it speaks, when it keeps still."""

import pytest

from data_contracts.alert import AlertKind
from data_contracts.decision import Severity
from tests.dataflows.operations.traffic import (
    HOUR_MS,
    MINUTE_MS,
    MONDAY_MS,
    Bank,
    decisions,
    monitor,
)

BUSY = {"card": 200, "online": 100}


def bank_with_history(hours: int = 2, counts: dict[str, int] = BUSY) -> Bank:
    bank = Bank(monitor())
    bank.minutes(hours * 60, counts, declined=0.02)
    assert bank.alerts == []
    return bank


def test_the_first_day_raises_nothing_while_hours_are_new() -> None:
    bank = Bank(monitor())
    for hour in range(24):
        bank.minutes(60, {"card": 50 + 10 * hour, "online": 30})
    assert bank.alerts == []


def test_a_drop_within_a_known_hour_is_told_once() -> None:
    bank = Bank(monitor())
    bank.minutes(60, BUSY)
    bank.now_ms = MONDAY_MS + 24 * HOUR_MS
    bank.restart()
    bank.minutes(20, BUSY)
    bank.minutes(20, {"card": 20, "online": 100})
    assert bank.raised() == [("volume-drop", "card")]
    (alert,) = bank.alerts
    assert alert.kind is AlertKind.OPERATION
    assert (alert.tenant, alert.entity_kind, alert.severity) == ("demo", "channel", Severity.HIGH)
    assert "are usual" in alert.reasons[0]


def test_a_drop_that_ends_and_comes_back_is_told_again() -> None:
    bank = Bank(monitor())
    bank.minutes(60, BUSY)
    bank.now_ms = MONDAY_MS + 24 * HOUR_MS
    bank.restart()
    for _ in range(2):
        bank.minutes(15, BUSY)
        bank.minutes(8, {"card": 20, "online": 100})
    assert bank.raised() == [("volume-drop", "card")] * 2
    assert len({alert.alert_id for alert in bank.alerts}) == 2


def test_a_surge_within_a_known_hour_is_told() -> None:
    bank = Bank(monitor())
    bank.minutes(60, BUSY)
    bank.now_ms = MONDAY_MS + 24 * HOUR_MS
    bank.restart()
    bank.minutes(10, {"card": 900, "online": 100})
    assert bank.raised() == [("volume-surge", "card")]


def test_the_same_hour_of_the_week_counts_more_than_the_same_hour_of_the_day() -> None:
    bank = Bank(monitor())
    quiet, busy = {"card": 20}, {"card": 400}
    for day in range(7):
        bank.now_ms = MONDAY_MS + day * 24 * HOUR_MS
        bank.restart()
        bank.minutes(60, busy if day < 5 else quiet)
    assert ("volume-drop", "card") in bank.raised()  # The first week-end is a surprise.
    bank.alerts.clear()
    for day in range(7, 14):
        bank.now_ms = MONDAY_MS + day * 24 * HOUR_MS
        bank.restart()
        bank.minutes(60, busy if day < 12 else quiet)
    assert bank.alerts == []


def test_a_channel_that_falls_silent_is_told_within_four_minutes() -> None:
    bank = bank_with_history(1)
    silent_from = bank.now_ms
    bank.minutes(10, {"online": 100})
    assert ("channel-silence", "card") in bank.raised()
    assert ("channel-silence", "online") not in bank.raised()
    silence = next(alert for alert in bank.alerts if alert.rules == ("channel-silence",))
    assert silence.raised_at.timestamp() * 1_000 - silent_from <= 4 * MINUTE_MS


def test_a_quiet_channel_may_pause() -> None:
    bank = bank_with_history(1, {"card": 200, "branch": 2})
    bank.minutes(10, {"card": 200})
    assert bank.alerts == []


def test_when_everything_stops_each_channel_is_told_once() -> None:
    bank = bank_with_history(1)
    bank.minutes(30, {})
    silences = [entity for rule, entity in bank.raised() if rule == "channel-silence"]
    assert sorted(silences) == ["card", "online"]


def test_many_declines_are_told() -> None:
    bank = bank_with_history(1)
    bank.minutes(10, BUSY, declined=0.5)
    assert bank.raised() == [("decline-ratio-surge", "card"), ("decline-ratio-surge", "online")]


def test_many_declines_of_a_few_decisions_are_not_told() -> None:
    bank = bank_with_history(1, {"card": 200, "branch": 5})
    for _ in range(10):
        bank.minute({"card": 200, "branch": 5}, declined=0.02)
    bank.minutes(10, {"branch": 5}, declined=0.8)
    assert not [rule for rule, _ in bank.raised() if rule == "decline-ratio-surge"]


def test_a_high_ratio_that_is_usual_is_not_told() -> None:
    bank = Bank(monitor())
    bank.minutes(60, BUSY, declined=0.15)
    bank.minutes(10, BUSY, declined=0.25)
    assert not bank.alerts


def test_dead_letters_against_the_traffic_are_told() -> None:
    bank = bank_with_history(1)
    bank.minutes(3, BUSY, refused=1)
    assert bank.alerts == []
    bank.minutes(3, BUSY, refused=30)
    assert bank.raised() == [("refusal-ratio-surge", "scoring")]
    assert bank.alerts[0].entity_kind == "process"


@pytest.mark.parametrize("minutes", [10, 60])
def test_a_stopped_scorer_is_a_lag_and_no_silent_channel(minutes: int) -> None:
    bank = bank_with_history(1)
    for _ in range(minutes):
        bank.minute(BUSY, is_scoring=False)
    assert bank.raised() == [("scoring-lag", "scoring")]
    (alert,) = bank.alerts
    assert alert.entity_kind == "process"
    assert alert.severity is Severity.CRITICAL


def test_after_a_stopped_scorer_has_caught_up_its_declines_are_judged_by_time_of_arrival() -> None:
    bank = bank_with_history(1)
    stopped_ms = bank.now_ms
    for _ in range(10):
        bank.minute(BUSY, is_scoring=False)
    bank.alerts.clear()
    for minute in range(10):
        position = bank.position - (9 - minute) * 300
        declined = {"card": (200, 100 if minute >= 5 else 4), "online": (100, 2)}
        bank.take(decisions(stopped_ms + minute * MINUTE_MS + 30_000, declined, position))
    bank.minutes(2, BUSY)
    assert bank.raised() == [("decline-ratio-surge", "card")]
    assert bank.watched.state.outcomes.windows.late == 0


def test_a_scorer_that_never_comes_back_is_told_again_after_no_pause_only_once() -> None:
    bank = bank_with_history(1)
    for _ in range(5):
        bank.minute(BUSY, is_scoring=False)
    bank.restart()
    for _ in range(5):
        bank.minute(BUSY, is_scoring=False)
    assert bank.raised() == [("scoring-lag", "scoring")]
