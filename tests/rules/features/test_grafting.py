"""A feature that another shard followed answers, once taken over, as if it had always been here."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data_contracts.transaction import Transaction
from rules.features import answers, naive
from rules.features.columns import columns_of
from rules.features.grafting import graft, held
from rules.features.naive import Answer
from rules.features.plan import Plan
from rules.features.shard import FeatureShard, restored
from rules.model import Aggregate, FeatureDefinition
from tests.rules.features.histories import (
    definitions,
    differences,
    histories,
    holds,
    masks_of,
)


def _observed(
    shard: FeatureShard, batch: list[Transaction], clock: int
) -> tuple[list[dict[str, Answer]], int]:
    if not batch:
        return [], clock
    columns = columns_of(shard.plan, batch, clock, masks_of(shard.plan))
    found = shard.observe(columns)
    flags, values = answers.flags_of(found), answers.columns_of(shard.plan, found)
    places = list(zip(shard.plan.definitions, shard.plan.places, strict=True))
    rows = [
        {
            definition.name: (values[place][event], flags.get(place, {}).get(event))
            for definition, place in places
        }
        for event in range(len(batch))
    ]
    return rows, int(columns.clock[-1])


def _without(shard: FeatureShard, features: list[FeatureDefinition]) -> FeatureShard:
    shard.adopt(shard.plan.without([item.fingerprint() for item in features]))
    return shard


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    data=st.data(),
    history=histories(0, 60),
    cuts=st.tuples(st.integers(0, 60), st.integers(0, 60)),
    is_restarted=st.booleans(),
)
def test_what_was_grafted_answers_as_the_judge_does(
    *, data: st.DataObject, history: list[Transaction], cuts: tuple[int, int], is_restarted: bool
) -> None:
    features = data.draw(definitions(list(Aggregate)))
    late = features[: data.draw(st.integers(0, len(features)))]
    begin, end = sorted(cuts)
    shard, other = FeatureShard(Plan.of(features)), FeatureShard(Plan.of(late))
    _, clock = _observed(_without(shard, late), history[:begin], 0)
    _, clock = _observed(shard, history[begin:end], clock)
    _observed(other, history[:end], 0)

    graft(shard, restored(other.snapshot()) if is_restarted else other)
    if is_restarted:
        shard = restored(shard.snapshot())
    found, _ = _observed(shard, history[end:], clock)

    assert shard.plan.missing == frozenset()
    expected = naive.values(features, history, holds)[end:]
    assert differences(features, expected, found) == []


def test_a_feature_that_is_missing_stays_so_over_a_restart() -> None:
    feature = FeatureDefinition(
        name="count",
        aggregate=Aggregate.COUNT,
        by=("account_id",),
        at=("account_id",),
        window_ms=3_600_000,
    )
    shard = restored(_without(FeatureShard(Plan.of([feature])), [feature]).snapshot())

    assert shard.plan.missing == {feature.fingerprint()}
    assert held(shard.plan) == []
    assert shard.groups == {}
