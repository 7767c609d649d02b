"""Alerts per day as bars."""

from datetime import date, timedelta

from analytics.backtest.pictures import WIDTH, alerts_by_day, bar
from analytics.backtest.values import Day


def days(*alerts: int) -> list[Day]:
    first = date(2026, 3, 2)
    return [
        Day(day=first + timedelta(days=number), transactions=9, flagged=9, alerts=count)
        for number, count in enumerate(alerts)
    ]


def test_each_day_has_a_bar_as_long_as_its_share_of_the_highest() -> None:
    head, *lines = alerts_by_day(days(4, 0, 2))
    assert head == "each day"
    assert lines == [
        f"2026-03-02  4.0  {'█' * WIDTH}",
        "2026-03-03  0.0",
        f"2026-03-04  2.0  {'█' * (WIDTH // 2)}",
    ]


def test_many_days_are_put_together_as_means() -> None:
    head, *lines = alerts_by_day(days(*[1, 2, 3, 4, 5, 6, 7] * 5, 8))
    assert head == "a day, mean of 7 days"
    assert len(lines) == 6
    assert lines[0].startswith("2026-03-02  4.0")
    assert lines[-1].startswith("2026-04-06  8.0")


def test_the_other_rule_set_stands_in_brackets() -> None:
    _, line = alerts_by_day(days(2), days(4))
    assert line == f"2026-03-02  2.0 (4.0)  {'█' * (WIDTH // 2)}"


def test_whatever_is_more_than_nothing_can_be_seen() -> None:
    assert bar(1, 100_000) == "▏"
    assert bar(0, 100_000) == ""
    assert bar(0, 0) == ""
