"""A rule as one question of the archive finds what the scoring flow found."""

import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from analytics.sql import ask
from data_contracts.topics import DECISIONS
from dataflows.archiving import columns
from dataflows.archiving.columns import Message
from dataflows.connectors import Letter
from dataflows.scoring import offline
from rules.documents.catalogue import Catalogue, read_catalogue
from rules.rule_query import rule_query
from rules.transaction_frame import completed
from runtime.archive import Archive, Mark
from watchkeeper.json_columns import STORED_FIELDS, rendered
from watchkeeper.publish import shipped_catalogue
from watchkeeper.simulator.campaigns import CAMPAIGNS
from watchkeeper.simulator.traffic import Plan, Traffic
from watchkeeper.simulator.world import build_world

NIGHT_MS = 1_772_410_000_000
NIGHT = datetime.fromtimestamp(NIGHT_MS / 1000, UTC)
ROWS_MAX = 100_000


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return read_catalogue(shipped_catalogue())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, catalogue: Catalogue) -> Path:
    """The archive of what scoring decided of half a minute with every attack."""
    plan = Plan(seed=7, start_ms=NIGHT_MS, per_second=200, seconds=30, fraud=(*CAMPAIGNS,))
    frames = Traffic(build_world(7, 100_000), plan).frames()
    frame = completed(pl.concat(frames, how="diagonal_relaxed"))
    messages: list[Message] = []

    def take(letters: Sequence[Letter]) -> None:
        decided = [letter.value for letter in letters if letter.topic == DECISIONS]
        messages.extend(Message(0, NIGHT_MS, value) for value in decided)

    rows = (row.encode() for row in rendered(frame, STORED_FIELDS))
    offline.decide(rows, catalogue.rule_set(), lambda: NIGHT, take)
    made = tmp_path_factory.mktemp("archive")
    table = columns.table(columns.read(messages))
    assert table.num_rows == len(frame)
    assert Archive.open(made).append(table, 0, Mark(table.num_rows, table.num_rows + 1))
    return made


def test_every_rule_as_a_question_finds_the_archived_hits(
    catalogue: Catalogue, folder: Path
) -> None:
    archived = ask(folder, "SELECT rule_id, position FROM hits", ROWS_MAX).table
    expected = sorted(zip(*archived.to_pydict().values(), strict=True))
    rule_set = catalogue.rule_set()
    documents = [item for item in catalogue.documents if item.rule in rule_set.rules]

    found = []
    for document in documents:
        features = [catalogue.features[name] for name in document.rule.features]
        answer = ask(folder, rule_query(document, features, catalogue.lists), ROWS_MAX)
        positions = answer.table.column("position").to_pylist()
        found += [(document.rule.id, position) for position in positions]

    assert sorted(found) == expected
    assert len({rule_id for rule_id, _ in found}) > 10


def test_a_question_shows_the_feature_values_that_were_decided_on(
    catalogue: Catalogue, folder: Path
) -> None:
    hits = "SELECT rule_id, position, features FROM hits JOIN decisions USING (position)"
    decided = ask(folder, hits, ROWS_MAX).table.to_pylist()
    counts = Counter(row["rule_id"] for row in decided)
    documents = [item for item in catalogue.documents if item.rule.features]
    document = max(documents, key=lambda item: counts[item.rule.id])
    names = document.rule.features
    question = rule_query(document, [catalogue.features[name] for name in names], catalogue.lists)

    answer = ask(folder, question, ROWS_MAX).table.to_pylist()

    found = [(row["position"], [row[name] for name in names]) for row in answer]
    values = {row["position"]: json.loads(row["features"]) for row in decided}
    expected = [
        (row["position"], [values[row["position"]][name] for name in names])
        for row in decided
        if row["rule_id"] == document.rule.id
    ]
    assert found == sorted(expected)
    assert len(found) > 10


def test_another_cell_has_hits_of_its_own(catalogue: Catalogue, folder: Path) -> None:
    document = next(item for item in catalogue.documents if not item.rule.features)

    elsewhere = ask(folder, rule_query(document, [], catalogue.lists, cell=1))

    assert elsewhere.table.num_rows == 0
