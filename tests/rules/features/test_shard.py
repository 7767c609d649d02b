"""A shard grows, forgets and goes on with other definitions."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from data_contracts.transaction import Transaction
from rules.features import naive
from rules.features.blobs import ForeignSnapshot
from rules.features.plan import FeatureRefused, Plan
from rules.features.shard import FeatureShard, restored
from rules.model import Aggregate, FeatureDefinition
from tests.factories import NOON, a_transaction, minute
from tests.rules.features.histories import HOUR_MS, differences, holds
from tests.rules.features.streams import Stream

COUNT = FeatureDefinition(
    name="count",
    aggregate=Aggregate.COUNT,
    by=("account_id",),
    at=("account_id",),
    window_ms=HOUR_MS,
)
MERCHANTS = FeatureDefinition(
    name="merchants",
    aggregate=Aggregate.DISTINCT,
    of="merchant_id",
    by=("account_id",),
    at=("account_id",),
    window_ms=24 * HOUR_MS,
    tile_ms=HOUR_MS,
)


def _traffic(events: int, accounts: int) -> list[Transaction]:
    return [
        a_transaction(
            account_id=f"a-{number * 7919 % accounts}",
            merchant_id=f"m-{number * 31 % 97}",
            occurred_at=minute(number / 50),
        )
        for number in range(events)
    ]


@pytest.mark.parametrize(("events", "accounts"), [(6000, 3000), (6000, 2)])
def test_many_keys_and_busy_keys_make_it_grow(events: int, accounts: int) -> None:
    history = _traffic(events, accounts)
    stream = Stream([COUNT, MERCHANTS], 1)

    found = [row for at in range(0, events, 500) for row in stream.observe(history[at : at + 500])]

    rows = slice(0, events, 61)
    expected = naive.values([COUNT, MERCHANTS], history, holds)
    assert differences([COUNT, MERCHANTS], expected[rows], found[rows]) == []


def test_keys_that_are_long_silent_make_room_for_others() -> None:
    stream = Stream([COUNT, MERCHANTS], 1)
    rows = []
    for day in range(0, 40, 4):
        at = NOON + timedelta(days=day)
        batch = [a_transaction(account_id=f"{day}-{n}", occurred_at=at) for n in range(200)]
        stream.observe(batch)
        rows.append(stream.shards[0].groups["account_id",].keys.room)

    assert rows == [256] * 10


def test_a_definition_that_stays_keeps_its_memory_under_any_name() -> None:
    stream = Stream([COUNT], 1)
    stream.observe([a_transaction()])

    stream.adopt([MERCHANTS, replace(COUNT, name="renamed")])
    found = stream.observe([a_transaction()])

    assert found == [{"renamed": (2, None), "merchants": (1, None)}]


def test_a_definition_that_comes_back_begins_anew() -> None:
    stream = Stream([COUNT], 1)
    stream.observe([a_transaction()])
    stream.adopt([MERCHANTS])
    stream.adopt([COUNT])

    assert stream.observe([a_transaction()]) == [{"count": (1, None)}]


def test_a_snapshot_of_another_format_is_refused() -> None:
    snapshot = FeatureShard(Plan.of([COUNT])).snapshot()

    with pytest.raises(ForeignSnapshot, match="has format 0"):
        restored(snapshot | {"format": 0})


def test_a_definition_that_cannot_be_exact_is_refused_with_every_mistake() -> None:
    wrong = replace(COUNT, aggregate=Aggregate.AVG, of="latitude", by=("description",))

    with pytest.raises(FeatureRefused) as refused:
        Plan.of([wrong])

    assert "`description` is no key" in str(refused.value)
    assert "`avg` of `latitude` would not be exact" in str(refused.value)


def test_what_a_key_remembers_does_not_depend_on_how_late_its_batch_ends() -> None:
    first = [a_transaction(account_id="a", occurred_at=NOON, received_at=NOON)]
    soon = NOON + timedelta(minutes=30)
    looks = a_transaction(account_id="a", occurred_at=soon, received_at=soon)
    later = [
        a_transaction(
            account_id=f"b-{number}",
            occurred_at=NOON + timedelta(days=9, seconds=number),
            received_at=NOON + timedelta(days=9, seconds=number),
        )
        for number in range(1_000)
    ]
    stream = Stream([COUNT], 1)
    stream.observe(first)

    found = stream.observe([looks, *later])

    assert (
        found[0]["count"] == naive.values([COUNT], [*first, looks], holds)[-1]["count"] == (2, None)
    )
