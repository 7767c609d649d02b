"""The shipped catalogue against the simulator, by the judge of features and the evaluator."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from data_contracts import door
from data_contracts.decision import Verdict
from data_contracts.transaction import Transaction, TransactionRequest
from rules.evaluation import Judgement, compile_rule_set
from rules.features import naive
from rules.predicates import holds
from rules.rule_set import load_catalogue
from watchkeeper import json_columns
from watchkeeper.simulator.campaigns import CAMPAIGNS
from watchkeeper.simulator.traffic import Label, Plan, Traffic
from watchkeeper.simulator.world import build_world

RULES = Path(__file__).resolve().parents[3] / "rules"
START_MS = 1_772_452_800_000


@dataclass(frozen=True, slots=True)
class Judged:
    transaction: Transaction
    judgement: Judgement


def in_the_log(traffic: Traffic) -> Iterator[Transaction]:
    """Each transaction as the API would write it, received when it was due."""
    for chunk in traffic.chunks():
        moments = iter(chunk.due_ms.tolist())
        for body, _ in json_columns.bodies(chunk.rows, 1_000):
            for request in door.parse_batch(body):
                assert isinstance(request, TransactionRequest)
                received = (traffic.plan.start_ms + next(moments)) / 1_000
                yield Transaction(
                    **msgspec.structs.asdict(request),
                    tenant="demo",
                    received_at=datetime.fromtimestamp(received, UTC),
                )


def judged(traffic: Traffic) -> list[Judged]:
    rule_set, _ = load_catalogue(RULES)
    evaluator = compile_rule_set(rule_set)
    history = list(in_the_log(traffic))
    found = []
    for transaction, row in zip(
        history, naive.values(rule_set.features, history, holds), strict=True
    ):
        values = [value for value, _ in row.values()]
        flags = {name: str(flag) for name, (_, flag) in row.items() if flag is not None}
        found.append(Judged(transaction, evaluator.judge(transaction, values, flags)))
    return found


def traffic_of(fraud: Sequence[str], count: int, accounts: int, start_ms: int) -> Traffic:
    plan = Plan(seed=3, start_ms=start_ms, per_second=200, seconds=count / 200, fraud=tuple(fraud))
    return Traffic(build_world(3, accounts), plan)


@pytest.fixture(scope="module")
def with_attacks() -> tuple[list[Label], list[Judged]]:
    traffic = traffic_of(tuple(CAMPAIGNS), 12_000, 100_000, START_MS)
    return traffic.labels(), judged(traffic)


def test_there_is_an_attack_for_every_typology_of_the_catalogue() -> None:
    rule_set, _ = load_catalogue(RULES)
    assert {rule.typology for rule in rule_set.rules} == set(CAMPAIGNS)


@pytest.mark.parametrize("typology", CAMPAIGNS)
def test_the_catalogue_catches_a_planted(
    with_attacks: tuple[list[Label], list[Judged]], typology: str
) -> None:
    labels, found = with_attacks
    planted = {label.transaction_id for label in labels if label.typology == typology}
    caught = [
        item
        for item in found
        if item.transaction.transaction_id in planted
        and item.judgement.verdict is not Verdict.APPROVE
        and typology in {hit.typology for hit in item.judgement.hits}
    ]
    assert caught


@pytest.mark.parametrize(
    ("count", "start_ms"), [(20_000, START_MS), (5_000, START_MS - 10 * 3_600_000)]
)
def test_honest_traffic_is_left_in_peace_by_day_and_by_night(count: int, start_ms: int) -> None:
    reviews = Counter(
        hit.rule_id
        for item in judged(traffic_of((), count, 100_000, start_ms))
        if item.judgement.verdict is not Verdict.APPROVE
        for hit in item.judgement.hits
    )
    assert reviews.total() <= 0.01 * count, reviews


def test_what_is_honest_beside_the_attacks_is_left_in_peace_too(
    with_attacks: tuple[list[Label], list[Judged]],
) -> None:
    labels, found = with_attacks
    planted = {label.transaction_id for label in labels}
    stopped = [
        item
        for item in found
        if item.transaction.transaction_id not in planted
        and item.judgement.verdict is not Verdict.APPROVE
    ]
    assert len(stopped) <= 0.01 * len(found)
