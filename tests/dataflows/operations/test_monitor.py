"""What downtime, idleness, backlogs and several cells do to the monitor's time: nothing false."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dataflows.operations.alerts import Hit
from dataflows.operations.monitor import LATENESS_MS, State
from dataflows.operations.observations import PROCESS, SCORING, Observation, Stream, entity_key
from rules.operation_rules import Kind, Measured
from tests.dataflows.operations.traffic import (
    HOUR_MS,
    MINUTE_MS,
    MONDAY_MS,
    RULES,
    Bank,
    arrivals,
    at_end,
    decisions,
    letters,
    monitor,
    observe_all,
)

BUSY = {"card": 200, "online": 100}


def test_a_backlog_after_downtime_is_not_late_and_judged_in_its_own_time() -> None:
    bank = Bank(monitor())
    bank.minutes(60, BUSY)
    down_from = bank.now_ms
    bank.restart(down_from + 5 * HOUR_MS)
    backlog = [
        arrivals(down_from + number * MINUTE_MS, BUSY if number < 10 else {"online": 100}, 10**6)
        for number in range(300)
    ]
    found = observe_all(bank.watched, backlog)
    assert bank.watched.state.arrivals.windows.late == 0
    assert [alert.rules[0] for alert in found][:1] == ["channel-silence"]
    silent_ms = found[0].raised_at.timestamp() * 1_000 - down_from
    assert 11 * MINUTE_MS < silent_ms <= 14 * MINUTE_MS


def test_hours_in_which_the_whole_stack_was_down_are_neither_judged_nor_learned() -> None:
    bank = Bank(monitor())
    bank.minutes(60, BUSY)
    before = msgspec.msgpack.encode(bank.watched.state.arrivals.baseline.means)
    bank.restart(bank.now_ms + 8 * HOUR_MS)
    bank.tick(bank.now_ms)
    assert bank.alerts == []
    lately = bank.watched.state.arrivals.baseline
    assert all(set(means) == {"w0", "d0"} for means in lately.means.values())
    assert len(msgspec.msgpack.encode(lately.means)) < len(before)
    bank.minutes(30, {})
    assert bank.alerts == []


def test_a_broker_that_does_not_answer_is_not_silence() -> None:
    bank = Bank(monitor())
    bank.minutes(60, BUSY)
    watermark = bank.watched.state.arrivals.watermark_ms
    nothing = [Observation(stream=stream, cell=0) for stream in Stream]
    assert observe_all(bank.watched, nothing * 1_000) == []
    assert bank.watched.state.arrivals.watermark_ms == watermark


def test_on_its_first_start_it_learns_from_the_past_and_tells_nothing_of_it() -> None:
    started = MONDAY_MS + 7 * 24 * HOUR_MS
    watched = monitor(started)
    past = [
        arrivals(MONDAY_MS + number * MINUTE_MS, BUSY if number % 60 < 30 else {"card": 10}, number)
        for number in range(2 * 24 * 60)
    ]
    assert observe_all(watched, past) == []
    assert watched.state.arrivals.baseline.means
    again = monitor(MONDAY_MS)
    assert observe_all(again, past) != []


def test_time_goes_on_only_as_far_as_the_slowest_cell() -> None:
    watched = monitor(cells=2)
    observe_all(watched, [arrivals(MONDAY_MS + HOUR_MS, {"card": 10}, 1, cell=0)])
    assert watched.state.arrivals.watermark_ms < 0
    observe_all(watched, [arrivals(MONDAY_MS + 5 * MINUTE_MS, {"card": 10}, 1, cell=1)])
    assert watched.state.arrivals.watermark_ms == MONDAY_MS + 5 * MINUTE_MS - LATENESS_MS
    observe_all(watched, [at_end(Stream.LOG, MONDAY_MS + 2 * HOUR_MS, cell=1)])
    assert watched.state.arrivals.watermark_ms == MONDAY_MS + HOUR_MS - LATENESS_MS


def test_a_channel_is_counted_over_all_cells() -> None:
    watched = monitor(cells=2)
    for number in range(20):
        at_ms = MONDAY_MS + number * MINUTE_MS
        observe_all(watched, [arrivals(at_ms, {"card": 15}, number, cell=cell) for cell in (0, 1)])
    means = watched.state.arrivals.baseline.means
    assert [round(mean["r"].whole) for mean in means.values()] == [30]


def test_windows_over_decisions_wait_for_what_is_undecided() -> None:
    watched = monitor()
    first = MONDAY_MS + 30_000
    observe_all(watched, [arrivals(first, {"card": 10}, position=9)])
    later = MONDAY_MS + HOUR_MS
    for stream in Stream:
        observe_all(watched, [at_end(stream, later)])
    assert watched.state.arrivals.watermark_ms == later - LATENESS_MS
    assert watched.state.outcomes.watermark_ms == first - LATENESS_MS
    observe_all(watched, [decisions(first, {"card": (9, 0)}, position=8), letters(later, 1, 9)])
    observe_all(watched, [at_end(Stream.DECISIONS, later)])
    assert watched.state.outcomes.watermark_ms == later - LATENESS_MS


def test_an_alert_has_the_same_id_in_a_replay_and_another_in_another_episode() -> None:
    def alerts(minutes: int) -> list[str]:
        bank = Bank(monitor())
        bank.minutes(60, BUSY)
        for _ in range(minutes):
            bank.minute(BUSY, is_scoring=False)
        bank.minutes(5, {"online": 100})
        return [alert.alert_id for alert in bank.alerts]

    assert alerts(3) == alerts(3)
    assert len(set(alerts(3))) == len(alerts(3))
    assert set(alerts(3)) - set(alerts(4))


@settings(max_examples=15, deadline=None)
@given(st.sets(st.integers(0, 119), max_size=5))
def test_restores_in_the_middle_change_no_alert(restores: set[int]) -> None:
    def alerts(restored: set[int]) -> list[str]:
        bank = Bank(monitor())
        for number in range(120):
            if number in restored:
                bank.restart()
            counts = {"card": 200 if number < 100 else 0, "online": 100 if number % 50 else 900}
            bank.minute(counts, declined=0.5 if 70 < number < 80 else 0.01)
        return [alert.alert_id for alert in bank.alerts]

    assert alerts(restores) == alerts(set()) != []


def test_the_state_is_small_once_every_hour_of_the_week_is_known() -> None:
    watched = monitor()
    channels = dict.fromkeys(("card", "online", "mobile", "branch", "atm", "api"), 50)
    for hour in range(7 * 24 + 1):
        observe_all(watched, [arrivals(MONDAY_MS + hour * HOUR_MS, channels, hour)])
    assert all(
        len(means) == 168 + 24 + 1 for means in watched.state.arrivals.baseline.means.values()
    )
    assert len(watched.snapshot()) < 100_000


def test_other_tiles_are_a_new_beginning() -> None:
    bank = Bank(monitor())
    bank.minutes(10, BUSY)
    state = msgspec.msgpack.decode(bank.watched.snapshot(), type=State)
    state.arrivals.windows.tile_ms = 10_000
    again = monitor(bank.now_ms, msgspec.msgpack.encode(state))
    assert again.state.arrivals.baseline.means == {}


@pytest.mark.parametrize("late_by_ms", [2 * MINUTE_MS, HOUR_MS])
def test_what_comes_late_is_counted_aside(late_by_ms: int) -> None:
    bank = Bank(monitor())
    bank.minutes(60, BUSY)
    bank.take(arrivals(bank.now_ms - late_by_ms, {"card": 7}, bank.position + 7))
    assert bank.watched.state.arrivals.windows.late == 7


def test_a_lag_is_judged_only_once_the_dead_letters_are_read_too() -> None:
    watched = monitor()
    later = MONDAY_MS + HOUR_MS
    observe_all(watched, [arrivals(MONDAY_MS, {"card": 100}, position=99)])
    assert observe_all(watched, [at_end(Stream.DECISIONS, later)]) == []
    observe_all(watched, [letters(later, 100, 99), at_end(Stream.REJECTED, later)])
    assert observe_all(watched, [at_end(Stream.DECISIONS, later)]) == []
    observe_all(watched, [arrivals(MONDAY_MS + 1_000, {"card": 100}, position=199)])
    (alert,) = observe_all(watched, [at_end(Stream.DECISIONS, later + 1_000)])
    assert alert.rules == ("scoring-lag",)


def test_a_tenant_with_a_tab_in_its_name_is_told_of_like_any_other() -> None:
    lag = next(rule for rule in RULES if rule.kind is Kind.SCORING_LAG)
    hit = Hit(
        rule=lag,
        entity=entity_key("a\tbank", PROCESS, SCORING),
        measured=Measured(whole=1, age_ms=60_000),
        until_ms=MONDAY_MS,
        since_ms=MONDAY_MS,
    )
    alert = hit.alert()
    assert (alert.tenant, alert.entity_kind, alert.entity) == ("a\tbank", PROCESS, SCORING)
