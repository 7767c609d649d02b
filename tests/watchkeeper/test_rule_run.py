"""Both engines write the same table, whatever arrives: late, tied, out of order, twice."""

from collections.abc import Sequence
from datetime import timedelta

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from analytics import batch
from data_contracts.decision import Severity
from data_contracts.transaction import Transaction
from rules.expressions.kinds import NUMERIC_KINDS
from rules.expressions.names import feature_type
from rules.instants import epoch_ms
from rules.model import (
    Aggregate,
    Band,
    EntityList,
    FeatureDefinition,
    ListEntry,
    ListKind,
    Policy,
    Rule,
    RuleSet,
    Status,
)
from rules.transaction_frame import completed, without_copies
from tests.factories import NOON, a_transaction
from tests.rules.features.batches import a_frame
from tests.rules.features.histories import definitions, histories
from watchkeeper import rule_run
from watchkeeper.publish import shipped_catalogue, sound_catalogue
from watchkeeper.rule_run import Output
from watchkeeper.simulator.campaigns import CAMPAIGNS
from watchkeeper.simulator.traffic import Plan, Traffic
from watchkeeper.simulator.world import build_world

STATUSES = (Status.LIVE, Status.SHADOW, Status.CANARY)
BANDS = (
    Band(below=2.0, score=15),
    Band(at_least=2.0, below=4.5, score=35),
    Band(at_least=4.5, score=80),
)
_Marks = st.lists(st.integers(0, 1_000_000), max_size=6)


def a_rule(number: int, when: str, **changes: object) -> Rule:
    fields = {
        "id": f"r{number}",
        "version": 1,
        "title": "A rule",
        "typology": "velocity",
        "severity": Severity.HIGH,
        "owner": "risk",
        "status": STATUSES[number % 3],
        "when": when,
        "score": 30 + 7 * number,
        "reason": "because",
        "runbook": "look",
        "canary_percent": 50,
    }
    return Rule(**(fields | changes))  # type: ignore[arg-type]  # fields of any type


def _rule_of(number: int, feature: FeatureDefinition) -> Rule:
    """A rule that says something of a feature, in bands where it is a number."""
    if feature_type(feature).kind not in NUMERIC_KINDS:
        return a_rule(number, f"{feature.name} IS NOT NULL", features=(feature.name,))
    bands = {"score": None, "band_of": feature.name, "bands": BANDS}
    return a_rule(number, "channel = 'atm'", features=(feature.name,), **bands)


def _entry(value: str, **changes: int) -> ListEntry:
    return ListEntry(value=value, owner="risk", reason="because", **changes)


LISTS = (
    EntityList(
        id="blocked",
        kind=ListKind.BLOCK,
        field="merchant_id",
        entries=(_entry("q", valid_from_ms=epoch_ms(NOON + timedelta(minutes=10))),),
    ),
    EntityList(
        id="places",
        kind=ListKind.REFERENCE,
        entries=(_entry("FR"), _entry("DE", expires_at_ms=epoch_ms(NOON + timedelta(hours=1)))),
    ),
    EntityList(
        id="trusted",
        kind=ListKind.ALLOW,
        field="merchant_id",
        entries=(_entry("p", amount_minor_max=999), _entry("q")),
    ),
)


def a_rule_set(features: Sequence[FeatureDefinition]) -> RuleSet:
    rules = [_rule_of(number, feature) for number, feature in enumerate(features, 2)]
    return RuleSet(
        rules=(
            a_rule(0, "amount_minor >= 1000 AND NOT country = 'DE'"),
            a_rule(1, "country IN places OR latitude < 0", status=Status.LIVE),
            *rules,
        ),
        features=tuple(features),
        lists=LISTS,
        policy=Policy(review_at=30, decline_at=70),
    )


def both(rule_set: RuleSet, frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What the batch engine says, and what the scoring flow says."""
    schema = batch.schema(rule_set)
    first, second = [pl.DataFrame(schema=schema)], [pl.DataFrame(schema=schema)]
    rule_run.by_batch(frame, rule_set, Output(schema, first.append), _untold)
    rule_run.by_stream(frame, rule_set, Output(schema, second.append), _untold, lambda: NOON)
    return pl.concat(first), pl.concat(second)


def _untold(_share: float) -> None:
    """Nobody wants to know."""


def with_copies(history: Sequence[Transaction], marks: Sequence[int]) -> list[Transaction]:
    """The history with copies of ids at some places, some with another content."""
    found = list(history)
    for mark in marks if found else ():
        source, place = found[mark % len(found)], mark // 1000 % (len(found) + 1)
        near = found[min(place, len(found) - 1)]
        copied = replace(near, transaction_id=source.transaction_id, tenant=source.tenant)
        found.insert(place, copied)
    return found


KINDS = {
    "sums": [Aggregate.COUNT, Aggregate.SUM, Aggregate.AVG, Aggregate.STDDEV],
    "extremes": [Aggregate.MIN, Aggregate.MAX, Aggregate.FIRST_SEEN],
    "last": [Aggregate.LAST],
    "distinct": [Aggregate.DISTINCT],
    "all": list(Aggregate),
}


@pytest.mark.parametrize("among", KINDS)  # Two thousand together.
@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), history=histories(0, 30), marks=_Marks)
def test_both_engines_write_the_same_table(
    among: str, data: st.DataObject, history: list[Transaction], marks: list[int]
) -> None:
    rule_set = a_rule_set(data.draw(definitions(KINDS[among])))

    by_batch, by_stream = both(rule_set, a_frame(with_copies(history, marks)))

    assert by_batch.schema == by_stream.schema
    assert by_batch.equals(by_stream, null_equal=True)


@pytest.mark.parametrize("hours_late_at_most", [0, 30])
def test_both_engines_agree_on_simulated_attacks(hours_late_at_most: int) -> None:
    plan = Plan(seed=5, start_ms=epoch_ms(NOON), per_second=200, seconds=60, fraud=(*CAMPAIGNS,))
    frame = pl.concat(Traffic(build_world(5, 100_000), plan).frames(), how="diagonal_relaxed")
    row = pl.int_range(pl.len())
    delay = pl.duration(hours=pl.when(row % 17 == 0).then(row % (hours_late_at_most + 1)))
    arriving = frame.with_columns(
        received_at=pl.col("occurred_at").cum_max(),
        occurred_at=pl.col("occurred_at") - delay.fill_null(pl.duration(hours=0)),
    )

    by_batch, by_stream = both(shipped(), completed(arriving))

    flags = by_batch.select(pl.col(f"^.*{batch.FLAG}$"))
    unequal = [name for name in by_batch.columns if not by_batch[name].equals(by_stream[name])]
    assert unequal == []
    assert len(by_batch) == plan.count
    assert any((flags[name] == "late").any() for name in flags.columns)


def shipped() -> RuleSet:
    return sound_catalogue(shipped_catalogue()).rule_set()


def test_what_the_door_refuses_is_in_neither_table() -> None:
    history = [
        a_transaction(),
        a_transaction(account_id="with a space"),
        a_transaction(counterparty_id="4111111111111111"),
        a_transaction(latitude=1.5),
        a_transaction(amount_minor=0),
        a_transaction(description='said "so"'),
        a_transaction(occurred_at=NOON + timedelta(minutes=6), received_at=NOON),
        a_transaction(ip="10.0.0.256"),
        a_transaction(merchant_country="de"),
    ]

    by_batch, by_stream = both(a_rule_set([]), a_frame(history))

    fine = [history[0].transaction_id, history[5].transaction_id]
    assert by_batch["transaction_id"].to_list() == fine
    assert by_stream["transaction_id"].to_list() == fine


def test_a_copy_counts_again_once_a_million_positions_lie_between() -> None:
    history = [a_transaction(transaction_id="same") for _ in range(4)]
    frame = a_frame(history).with_columns(
        position=pl.Series([0, 1_000_000, 2_000_001, 2_000_002], dtype=pl.Int64)
    )

    assert without_copies(frame)["position"].to_list() == [0, 2_000_001]
