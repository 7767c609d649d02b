"""The shipped catalogue against the simulator, all at once by the batch engine."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import polars as pl
import pytest

from analytics.batch import score
from rules.model import RuleSet
from rules.rule_set import load_catalogue
from watchkeeper.simulator.campaigns import CAMPAIGNS
from watchkeeper.simulator.traffic import Label, Plan, Traffic
from watchkeeper.simulator.world import build_world

RULES = Path(__file__).resolve().parents[3] / "rules"
START_MS = 1_772_452_800_000
HOUR_MS = 3_600_000
FALSE_ALERTS_PER_THOUSAND_MAX = 5


@cache
def shipped() -> RuleSet:
    return load_catalogue(RULES)[0]


def judged(traffic: Traffic) -> pl.DataFrame:
    """The decision on each transaction, in the order in which they are sent."""
    frame = pl.concat(list(traffic.frames()), how="diagonal_relaxed")
    return score(frame, shipped(), with_features=False)


def stopped(found: pl.DataFrame) -> pl.DataFrame:
    return found.filter(pl.col("decision") != "approve")


def traffic_of(fraud: Sequence[str], count: int, accounts: int, start_ms: int) -> Traffic:
    plan = Plan(seed=3, start_ms=start_ms, per_second=200, seconds=count / 200, fraud=tuple(fraud))
    return Traffic(build_world(3, accounts), plan)


@pytest.fixture(scope="module", params=[0, -10, 11], ids=["noon", "night", "before midnight"])
def with_attacks(request: pytest.FixtureRequest) -> tuple[list[Label], pl.DataFrame]:
    start_ms = START_MS + request.param * HOUR_MS + HOUR_MS * 59 // 60
    traffic = traffic_of(tuple(CAMPAIGNS), 12_000, 100_000, start_ms)
    return traffic.labels(), judged(traffic)


def test_there_is_an_attack_for_every_typology_of_the_catalogue() -> None:
    assert {rule.typology for rule in shipped().rules} == set(CAMPAIGNS)


@pytest.mark.parametrize("typology", CAMPAIGNS)
def test_the_catalogue_catches_a_planted(
    with_attacks: tuple[list[Label], pl.DataFrame], typology: str
) -> None:
    labels, found = with_attacks
    planted = [label.transaction_id for label in labels if label.typology == typology]
    its_rules = [rule.id for rule in shipped().rules if rule.typology == typology]
    hits = stopped(found).filter(pl.col("transaction_id").is_in(planted))["hits"].explode()
    assert set(its_rules) & set(hits)


@pytest.mark.parametrize(("count", "hours"), [(60_000, 0), (20_000, -10), (20_000, 8)])
def test_honest_traffic_is_left_in_peace_by_day_and_by_night(count: int, hours: int) -> None:
    found = judged(traffic_of((), count, 100_000, START_MS + hours * HOUR_MS))
    alerts = stopped(found)
    assert 1_000 * len(alerts) <= FALSE_ALERTS_PER_THOUSAND_MAX * count, alerts["hits"]


def test_what_is_honest_beside_the_attacks_is_left_in_peace_too(
    with_attacks: tuple[list[Label], pl.DataFrame],
) -> None:
    labels, found = with_attacks
    planted = [label.transaction_id for label in labels]
    alerts = stopped(found).filter(~pl.col("transaction_id").is_in(planted))
    assert 1_000 * len(alerts) <= FALSE_ALERTS_PER_THOUSAND_MAX * len(found), alerts["hits"]
