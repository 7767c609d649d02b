"""Replays of a real Delta table under books in a real Postgres: one decision, and all of them."""

from collections.abc import Iterator
from datetime import UTC, date
from pathlib import Path

import pytest

from analytics.replay import archive
from analytics.replay.archive import Choice
from analytics.replay.cells import Replay, replay, verify_archive
from analytics.replay.comparison import differences
from casework.ports import Filing
from casework.postgres import PostgresCasebook
from casework.publications import publication_of
from casework.values import Watermark
from rules.model import RuleSet
from runtime.archive import Archive, Mark
from runtime.migrations import upgrade
from runtime.postgres import Connection, connect
from tests.analytics.replay.decided import decided, rows_of
from tests.dataflows.scoring.logs import AVERAGE, INFLOW, RICH, Log, a_rule, a_rule_set
from tests.dataflows.scoring.traffic import rich_log
from tests.factories import NOON

pytestmark = pytest.mark.servers


@pytest.fixture(scope="module")
def log() -> Log:
    return rich_log(240)


@pytest.fixture(scope="module")
def folder(log: Log, tmp_path_factory: pytest.TempPathFactory) -> Path:
    found, rows = tmp_path_factory.mktemp("archive"), rows_of(decided(log))
    table, half = Archive.open(found), len(rows) // 2
    table.append(rows.slice(0, half), 0, Mark(half, half))
    table.append(rows.slice(half), 0, Mark(len(rows), len(rows)))
    return found


@pytest.fixture(scope="module")
def connection(postgres_database: str, log: Log) -> Iterator[Connection]:
    upgrade(postgres_database, rooms=["casework"])
    with connect(postgres_database, "test") as opened:
        publications = [
            publication_of(0, message.offset, message.kind, message.value, NOON)
            for message in log.messages
            if message.kind is not None
        ]
        last = len(log.messages)
        filing = Filing(reached=Watermark("log", 0, last, last), publications=publications)
        PostgresCasebook(opened).file(filing)
        yield opened


def made_again(
    connection: Connection,
    folder: Path,
    transaction_id: str,
    *,
    at: RuleSet | None = None,
    is_deep: bool = False,
) -> Replay:
    (place,) = archive.find(folder, transaction_id, None)
    return replay(connection, folder, place, at=at, is_deep=is_deep)


@pytest.mark.parametrize("is_deep", [False, True])
def test_every_decision_comes_out_as_it_is_stored(
    connection: Connection, folder: Path, *, is_deep: bool
) -> None:
    told: list[float] = []

    found = verify_archive(connection, folder, Choice(), is_deep=is_deep, tell=told.append)

    (positions,) = archive.chosen(folder, Choice()).values()
    assert (found.verified, found.differences, found.first) == (len(positions), 0, [])
    assert told[-1] == 1


def test_a_sample_is_the_same_for_the_same_seed_and_lies_in_its_days(folder: Path) -> None:
    def positions(**changes: object) -> list[int]:
        found = archive.chosen(folder, Choice(**changes))  # type: ignore[arg-type]  # any field
        return found[0].tolist() if found else []

    day = NOON.astimezone(UTC).date()
    assert positions(sample=20, seed=1) == positions(sample=20, seed=1)
    assert positions(sample=20, seed=1) != positions(sample=20, seed=2)
    assert len(positions(sample=20, first=day, last=day)) == 20
    assert positions(last=date(2026, 1, 1)) == []


@pytest.mark.parametrize("is_deep", [False, True])
def test_one_decision_comes_out_as_it_is_stored(
    connection: Connection, folder: Path, *, is_deep: bool
) -> None:
    found = made_again(connection, folder, "t-201", is_deep=is_deep)

    assert differences(found.stored, found.found) == ()
    assert found.computed == (len(RICH.features) if is_deep else 0)


def test_another_rule_set_shows_what_would_have_been_decided(
    connection: Connection, folder: Path
) -> None:
    other = a_rule_set(
        a_rule(
            "any",
            features=("merchant_average_1h",),
            when="amount_minor > 0",
            score=100,
            reason="{merchant_average_1h}",
        ),
        features=(AVERAGE,),
    )

    found = made_again(connection, folder, "t-61", at=other)

    assert found.found.verdict == "decline"
    assert found.found.rule_set == other.fingerprint()
    assert [hit.rule_id for hit in found.found.hits] == ["any"]
    assert found.computed == 0
    frozen = found.stored.features["merchant_average_1h"]
    assert found.found.features == {"merchant_average_1h": frozen}


def test_features_that_were_not_there_then_are_computed_for_another_rule_set(
    connection: Connection, folder: Path
) -> None:
    alone = a_rule_set(a_rule("any", features=("inflow_1h",)), features=(INFLOW,))
    before = made_again(connection, folder, "t-140", at=alone)
    behind = made_again(connection, folder, "t-61", at=alone, is_deep=True)

    assert before.stored.rule_set != RICH.fingerprint()
    assert (before.computed, behind.computed) == (1, 1)
    assert behind.found.features["inflow_1h"] == behind.stored.features["inflow_1h"]
    assert before.found.flags == {}


def test_a_transaction_that_was_never_decided_is_not_found(folder: Path) -> None:
    assert archive.find(folder, "nobody-knows", None) == []
    assert archive.find(folder, "t-201", "another-bank") == []
    assert [place.tenant for place in archive.find(folder, "t-201", "demo")] == ["demo"]
