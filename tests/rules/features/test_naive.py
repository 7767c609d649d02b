"""The judge's answers for histories small enough to see."""

from datetime import timedelta

import pytest

from data_contracts.transaction import Transaction
from rules.features.naive import Answer, values
from rules.model import Aggregate, FeatureDefinition, Flag
from tests.factories import NOON, a_transaction, minute

HOUR_MS = 3_600_000


def _no_condition(_condition: str, _transaction: Transaction) -> bool:
    raise AssertionError


def _is_large(_condition: str, transaction: Transaction) -> bool:
    return transaction.amount_minor >= 1000


def a_feature(**changes: object) -> FeatureDefinition:
    fields = {
        "name": "f",
        "aggregate": Aggregate.COUNT,
        "by": ("account_id",),
        "at": ("account_id",),
        "window_ms": HOUR_MS,
    }
    return FeatureDefinition(**(fields | changes))  # type: ignore[arg-type]  # fields of any type


def answers(feature: FeatureDefinition, *history: Transaction) -> list[Answer]:
    return [row["f"] for row in values([feature], history, _no_condition)]


def test_the_lower_edge_of_a_window_is_out_and_the_upper_one_in() -> None:
    history = [a_transaction(occurred_at=minute(m)) for m in (0, 60, 119.999, 120)]

    assert [value for value, _ in answers(a_feature(), *history)] == [1, 1, 2, 2]


def test_the_current_event_can_be_left_out() -> None:
    history = [a_transaction(amount_minor=amount) for amount in (5, 7, 9)]
    feature = a_feature(aggregate=Aggregate.SUM, of="amount_minor", is_current_included=False)

    assert [value for value, _ in answers(feature, *history)] == [None, 5, 12]


def test_a_late_event_counts_for_those_after_it_but_a_very_late_one_does_not() -> None:
    day = timedelta(hours=24)
    just_late = a_transaction(occurred_at=NOON - day)
    too_late = a_transaction(occurred_at=NOON - day - timedelta(milliseconds=1))
    last = a_transaction(occurred_at=NOON - day + timedelta(minutes=1))

    found = answers(a_feature(), a_transaction(), too_late, just_late, last)

    assert found == [(1, None), (None, Flag.LATE), (1, None), (2, None)]


def test_what_flows_in_is_remembered_under_the_counterparty() -> None:
    feature = a_feature(
        aggregate=Aggregate.SUM, of="amount_minor", by=("counterparty_id",), at=("account_id",)
    )
    history = [
        a_transaction(account_id="a", counterparty_id="b", amount_minor=10),
        a_transaction(account_id="c", counterparty_id="b", amount_minor=20),
        a_transaction(account_id="b"),
    ]

    assert [value for value, _ in answers(feature, *history)] == [None, None, 30]


def test_tiles_take_in_whole_tiles() -> None:
    feature = a_feature(window_ms=2 * HOUR_MS, tile_ms=HOUR_MS)
    history = [a_transaction(occurred_at=minute(m)) for m in (59, 1, 119, 120)]

    assert [value for value, _ in answers(feature, *history)] == [1, 2, 3, 2]


def test_more_events_than_the_capacity_saturate() -> None:
    history = [a_transaction() for _ in range(3)]

    found = answers(a_feature(capacity=2), *history, a_transaction(occurred_at=minute(60)))

    assert found == [(1, None), (2, None), (None, Flag.SATURATED), (1, None)]


def test_distinct_has_a_cap_of_its_own() -> None:
    feature = a_feature(aggregate=Aggregate.DISTINCT, of="merchant_id", distinct_capacity=2)
    history = [a_transaction(merchant_id=name) for name in ("a", "b", "a", "c")]

    assert answers(feature, *history) == [(1, None), (2, None), (2, None), (None, Flag.SATURATED)]


def test_a_key_is_forgotten_by_the_logs_clock() -> None:
    later = NOON + timedelta(hours=49)
    history = [
        a_transaction(),
        a_transaction(account_id="other", received_at=later),
        a_transaction(received_at=later),
        a_transaction(account_id="other", received_at=later + timedelta(milliseconds=1)),
        a_transaction(received_at=NOON),
    ]

    assert [value for value, _ in answers(a_feature(), *history)] == [1, 1, 2, 2, 3]
    forgotten = a_transaction(received_at=later + timedelta(hours=49, milliseconds=2))
    assert answers(a_feature(), *history, forgotten)[-1] == (1, None)


def test_last_goes_by_time_and_then_by_position() -> None:
    feature = a_feature(aggregate=Aggregate.LAST, of="country", is_current_included=False)
    history = [
        a_transaction(country="DE", occurred_at=minute(1)),
        a_transaction(country="FR", occurred_at=minute(1)),
        a_transaction(country="IT", occurred_at=minute(0)),
        a_transaction(occurred_at=minute(2)),
    ]

    assert [value for value, _ in answers(feature, *history)] == [None, "DE", None, "FR"]


@pytest.mark.parametrize(
    ("aggregate", "field", "expected"),
    [
        (Aggregate.COUNT, None, 3),
        (Aggregate.SUM, "amount_minor", 15),
        (Aggregate.AVG, "amount_minor", 5.0),
        (Aggregate.MIN, "amount_minor", 2),
        (Aggregate.MAX, "amount_minor", 8),
        (Aggregate.STDDEV, "amount_minor", 6**0.5),
        (Aggregate.DISTINCT, "amount_minor", 3),
        (Aggregate.FIRST_SEEN, None, 1_772_452_800_000),
        (Aggregate.MAX, "latitude", 1.5),
    ],
)
def test_each_aggregate(aggregate: Aggregate, field: str | None, expected: float) -> None:
    history = [
        a_transaction(amount_minor=amount, latitude=1.5, longitude=2.5, occurred_at=minute(amount))
        for amount in (2, 5, 8)
    ]
    history[0] = a_transaction(amount_minor=2, latitude=-1.0, longitude=2.5, occurred_at=NOON)

    assert answers(a_feature(aggregate=aggregate, of=field), *history)[-1][0] == expected


def test_only_what_is_true_and_there_counts_and_a_null_key_is_empty() -> None:
    feature = a_feature(aggregate=Aggregate.DISTINCT, of="device_id", where="amount_minor >= 1000")
    history = [
        a_transaction(device_id="a", amount_minor=999),
        a_transaction(device_id="b", amount_minor=1000),
        a_transaction(device_id=None),
    ]
    found = values([feature], history, _is_large)
    no_card = a_transaction(card_token=None)

    assert [row["f"][0] for row in found] == [0, 1, 1]
    assert answers(a_feature(by=("card_token",), at=("card_token",)), no_card) == [(0, None)]
    last = a_feature(aggregate=Aggregate.LAST, of="country", by=("card_token",), at=("card_token",))
    assert answers(last, no_card) == [(None, None)]
