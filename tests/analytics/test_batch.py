"""Scores of a whole history, as those who build on them ask for them."""

from itertools import chain

import duckdb
import polars as pl
import pytest

from analytics.batch import parts, schema, score
from rules.documents.catalogue import Catalogue, read_catalogue
from rules.explanation import rule_in_sql
from rules.model import Status
from rules.transaction_frame import completed
from tests.factories import a_transaction, minute
from tests.rules.features.batches import a_frame
from watchkeeper.publish import shipped_catalogue
from watchkeeper.simulator.campaigns import CAMPAIGNS
from watchkeeper.simulator.traffic import Plan, Traffic
from watchkeeper.simulator.world import build_world

NIGHT_MS = 1_772_410_000_000


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return read_catalogue(shipped_catalogue())


@pytest.fixture(scope="module")
def attacks() -> pl.DataFrame:
    plan = Plan(seed=7, start_ms=NIGHT_MS, per_second=200, seconds=60, fraud=(*CAMPAIGNS,))
    frames = Traffic(build_world(7, 100_000), plan).frames()
    return completed(pl.concat(frames, how="diagonal_relaxed"))


def test_fields_stand_beside_the_decision_and_features_can_be_left_out(
    catalogue: Catalogue,
) -> None:
    beside, rule_set = ("account_id", "occurred_at", "amount_minor"), catalogue.rule_set()
    frame = a_frame([a_transaction(occurred_at=minute(number)) for number in range(3)])

    found = score(frame, rule_set, beside=beside, with_features=False)

    assert found.schema == schema(rule_set, beside, with_features=False)
    assert found.select(beside).equals(frame.select(beside))


def test_the_share_of_features_that_is_there_grows_to_one(catalogue: Catalogue) -> None:
    told: list[float] = []

    frame = a_frame([a_transaction()])
    list(parts(frame, catalogue.rule_set(), tell=told.append))

    assert told == sorted(told)
    assert told[-1] == 1


def test_a_history_without_tenant_and_receipt_is_one_tenants_received_as_it_occurred(
    catalogue: Catalogue,
) -> None:
    history = [a_transaction(occurred_at=minute(at)) for at in (0, 60 * 25, 0, 60 * 25)]
    bare = a_frame(history).drop("tenant", "received_at", "position")

    found = score(bare, catalogue.rule_set())

    assert found["card_payment_count_10m"].to_list() == [1, 1, None, 2]
    assert found["card_payment_count_10m.flag"].to_list() == [None, None, "late", None]


def test_the_sql_of_every_rule_finds_what_the_engine_finds(
    catalogue: Catalogue, attacks: pl.DataFrame
) -> None:
    rule_set = catalogue.rule_set()
    found = score(attacks, rule_set)
    hits = found.select("transaction_id", rules=pl.concat_list("hits", "shadow_hits"))
    expected = set(hits.explode("rules").drop_nulls().iter_rows())
    table = attacks.hstack(found.drop("transaction_id")).to_arrow()
    documents = [item for item in catalogue.documents if item.rule in rule_set.rules]

    with duckdb.connect(":memory:") as connection:
        connection.register("scored", table)
        by_sql = [
            [
                (transaction_id, document.rule.id)
                for (transaction_id,) in connection.execute(
                    f"SELECT transaction_id FROM scored WHERE {_asked(document.rule.band_of)}"  # noqa: S608  (made from a tree)
                    f" AND {rule_in_sql(document, catalogue.lists)}"
                ).fetchall()
            ]
            for document in documents
        ]

    assert set(chain.from_iterable(by_sql)) == expected
    assert len(expected) > 100
    assert all(document.rule.status is not Status.DRAFT for document in documents)


def _asked(band_of: str | None) -> str:
    """A rule with bands does not fire where the value that they divide is unknown."""
    return "true" if band_of is None else f'"{band_of}" IS NOT NULL'
