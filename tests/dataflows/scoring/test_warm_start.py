"""Warm start in memory: null until its record, then as the judge says, whatever happens."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from bytewax.testing import TestingSource

from data_contracts import codec
from data_contracts.control import FeatureWarmRecord
from data_contracts.decision import Decision
from dataflows import recovery
from dataflows.connectors import Letter
from rules.features import naive
from rules.model import FeatureDefinition
from rules.predicates import holds
from tests.dataflows.scoring.logs import (
    AVERAGE,
    COUNT,
    INFLOW,
    MERCHANTS,
    RICH,
    TOPICS,
    Log,
    a_rule,
    a_rule_set,
    decisions,
    letters,
)
from tests.dataflows.scoring.memory_warmer import MemoryWarmer
from tests.dataflows.scoring.traffic import a_traffic
from tests.factories import a_transaction

NEW = (MERCHANTS, INFLOW, AVERAGE)
TAKEN_UP_AT, ON_AT = 121, 184  # The last of three records.


def a_log_with_new_features(before: int = 120, between: int = 60, after: int = 60) -> Log:
    """Four features of which three are taken up late, and switched on later still."""
    log, traffic = Log(), a_traffic(before + between + after)
    log.publish(a_rule_set())
    log.add(*traffic[:before])
    log.publish(RICH)
    log.add(*traffic[before : before + between])
    log.switch_on(*NEW)
    log.add(*traffic[before + between :])
    return log


def are_as_judged(found: Sequence[Decision], features: Sequence[FeatureDefinition]) -> bool:
    """Whether the decisions behind the records are as the judge says of all of the history."""
    expected = naive.values(features, [decision.transaction for decision in found], holds)
    return all(
        decision.features.get(name) == value and decision.flags.get(name) == flag
        for decision, row in zip(found, expected, strict=True)
        if decision.position > ON_AT
        for name, (value, flag) in row.items()
    )


def warm_records(found: Sequence[Letter]) -> list[FeatureWarmRecord]:
    sent = [letter for letter in found if letter.topic == TOPICS.log]
    return [codec.decode(letter.value, FeatureWarmRecord) for letter in sent]


@pytest.mark.parametrize(("shards", "workers"), [(1, 1), (3, 1), (2, 2)])
@pytest.mark.parametrize("lag", [0, 25, 10_000, -20, -10_000])
def test_a_new_feature_is_null_until_its_record_and_then_as_the_judge_says(
    shards: int, workers: int, lag: int
) -> None:
    log = a_log_with_new_features()

    found = decisions(
        letters(log.batches(), shards=shards, workers=workers, warmer=MemoryWarmer(log, lag))
    )

    between = [decision for decision in found if TAKEN_UP_AT < decision.position < ON_AT]
    warming = {feature.name: "warming" for feature in NEW}
    assert len(between) > 50
    assert all(set(decision.features) == {"count_1h"} for decision in between)
    assert all(decision.flags == warming for decision in between)
    assert are_as_judged(found, RICH.features)


def test_a_record_is_sent_for_each_feature_once_a_snapshot_holds_it() -> None:
    log = a_log_with_new_features()

    records = warm_records(letters(log.batches(), warmer=MemoryWarmer(log)))

    assert {record.definition for record in records} == {item.fingerprint() for item in NEW}
    assert {record.feature for record in records} == {item.name for item in NEW}


@pytest.mark.parametrize("shards", [1, 3])
@pytest.mark.parametrize("lag", [0, 10_000, -20])
def test_killed_at_any_moment_it_decides_as_if_undisturbed(
    tmp_path: Path, shards: int, lag: int
) -> None:
    log = a_log_with_new_features()
    batches, store = log.batches(), recovery.store(tmp_path / "store")
    undisturbed = letters(batches, warmer=MemoryWarmer(log))
    items = [item for batch in batches for item in (batch, TestingSource.ABORT())]

    sent: dict[bytes, bytes] = {}
    for _ in range(len(batches) + 1):
        part = letters(items, shards=shards, recovery=store, warmer=MemoryWarmer(log, lag))
        sent |= {letter.key: letter.value for letter in part if letter.key}

    assert sent == {letter.key: letter.value for letter in undisturbed if letter.key}


def test_what_is_taken_up_before_the_first_transaction_is_on_at_once() -> None:
    log = Log()
    log.publish(a_rule_set())
    log.publish(RICH)
    log.add(a_transaction())
    warmer = MemoryWarmer(log)

    (found,) = decisions(letters(log.batches(), warmer=warmer))

    assert found.flags == {}
    assert found.features["merchant_average_1h"] == 1250.0
    assert warmer.begun == []


def test_a_feature_that_is_left_out_before_it_is_on_is_not_filled_any_more() -> None:
    log = Log()
    log.publish(a_rule_set(features=()))
    log.add(a_transaction())
    log.publish(a_rule_set())
    log.add(a_transaction())
    log.publish(a_rule_set(features=(AVERAGE,)))
    log.add(a_transaction())
    warmer = MemoryWarmer(log, lag=10_000)

    found = decisions(letters(log.batches(), warmer=warmer))

    assert [decision.flags for decision in found] == [
        {},
        {"count_1h": "warming"},
        {"merchant_average_1h": "warming"},
    ]
    assert warmer.begun[0].is_over


def test_a_rule_that_needs_it_does_not_fire_and_a_reason_says_why() -> None:
    log = Log()
    log.publish(a_rule_set(features=()))
    log.add(a_transaction())
    often = a_rule("often", when="count_1h >= 1", features=("count_1h",))
    large = a_rule("large", features=("count_1h",), reason="large, with {count_1h} in an hour")
    log.publish(a_rule_set(often, large))
    log.add(a_transaction(amount_minor=6000))
    log.switch_on(COUNT)
    log.add(a_transaction(amount_minor=6000))

    _, before, after = decisions(letters(log.batches(), warmer=MemoryWarmer(log)))

    assert [(hit.rule_id, hit.reason) for hit in before.hits] == [
        ("large", "large, with unknown (warming) in an hour")
    ]
    assert {hit.rule_id: hit.reason for hit in after.hits} == {
        "large": "large, with 3 in an hour",
        "often": "because",
    }


def test_a_record_of_a_feature_that_nobody_wants_changes_nothing() -> None:
    log = Log()
    log.publish(a_rule_set())
    log.add(a_transaction())
    log.switch_on(AVERAGE, COUNT)
    log.add(a_transaction())

    found = decisions(letters(log.batches()))

    assert [decision.features for decision in found] == [{"count_1h": 1}, {"count_1h": 2}]
