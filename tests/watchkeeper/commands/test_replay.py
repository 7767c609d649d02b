"""`watchkeeper replay` and `verify decisions` on real books and a real archive."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from casework.ports import Filing
from casework.postgres import PostgresCasebook
from casework.publications import publication_of
from casework.values import Watermark
from data_contracts.decision import Decision
from rules.model import RuleSet
from runtime.archive import Archive, Mark
from runtime.migrations import upgrade
from runtime.postgres import connect
from tests.analytics.replay.decided import decided, published, rows_of
from tests.dataflows.scoring.logs import RICH, Log
from tests.dataflows.scoring.traffic import rich_log
from tests.factories import NOON
from tests.watchkeeper.commands.descriptors import describe_a_stack

pytestmark = pytest.mark.servers
WATCHKEEPER = Path(sys.executable).with_name("watchkeeper")


@dataclass(frozen=True, slots=True)
class Kept:
    """Two data folders over the same books: a sound archive, and one that was changed."""

    sound: Path
    forged: Path


@pytest.fixture(scope="module")
def kept(postgres_database: str, tmp_path_factory: pytest.TempPathFactory) -> Kept:
    log = rich_log(120)
    found = decided(log)
    publish(postgres_database, log)
    sound, forged = (tmp_path_factory.mktemp(name) for name in ("sound", "forged"))
    keep(sound, postgres_database, found)
    keep(forged, postgres_database, [changed(each) for each in found])
    return Kept(sound, forged)


def changed(decision: Decision) -> Decision:
    if decision.transaction.transaction_id != "t-61":
        return decision
    return msgspec.structs.replace(decision, score=7)


def publish(postgres: str, log: Log) -> None:
    upgrade(postgres, rooms=["casework"])
    publications = [
        publication_of(0, message.offset, message.kind, message.value, NOON)
        for message in log.messages
        if message.kind is not None
    ]
    with connect(postgres, "test") as connection:
        filing = Filing(reached=Watermark("log", 0, 200, 200), publications=publications)
        PostgresCasebook(connection).file(filing)


def keep(data: Path, postgres: str, found: list[Decision]) -> None:
    archive = Archive.open(data / "archive" / "transactions")
    archive.append(rows_of(found), 0, Mark(found[-1].position, 1))
    describe_a_stack(data, postgres=postgres)


def run(data: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [WATCHKEEPER, *words, "--data", data],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_a_sound_decision_is_shown_field_by_field(kept: Kept) -> None:
    table = run(kept.sound, "replay", "t-61")
    deep = json.loads(run(kept.sound, "replay", "t-61", "--deep", "--json").stdout)

    assert (table.returncode, table.stderr) == (0, "")
    assert "under rule set " + RICH.fingerprint()[:12] in table.stdout
    assert "verdict" in table.stdout
    assert "4 features" in table.stdout
    assert "The replay says what was decided." in table.stdout
    assert deep["equal"] is True
    fields = {each["field"]: each for each in deep["fields"]}
    assert fields["features.count_1h"]["equal"] is True
    assert fields["features.count_1h"]["stored"] == fields["features.count_1h"]["replayed"]


def test_a_changed_decision_is_loud_and_fails(kept: Kept) -> None:
    found = run(kept.forged, "replay", "t-61")

    assert found.returncode == 1
    (line,) = (line for line in found.stdout.splitlines() if "differs" in line and "✗" in line)
    assert line.split()[:2] == ["score", "7"]
    assert "The replay differs from what is stored." in found.stdout


def test_another_rule_set_is_no_failure(kept: Kept) -> None:
    live = run(kept.forged, "replay", "t-61", "--at", "live", "--json")
    by_hash = run(kept.sound, "replay", "t-61", "--at", RICH.fingerprint()[:10])

    assert (live.returncode, by_hash.returncode) == (0, 0)
    assert json.loads(live.stdout)["rule_set"] == the_newest(rich_log(120)).fingerprint()
    assert "the same would have been decided" in by_hash.stdout


def the_newest(log: Log) -> RuleSet:
    return [item.change for item in published(log) if isinstance(item.change, RuleSet)][-1]


def test_an_unknown_transaction_is_refused_with_a_mend(kept: Kept) -> None:
    found = run(kept.sound, "replay", "nobody-knows")

    assert found.returncode == 1
    assert 'no decision on "nobody-knows"' in found.stderr
    assert "Traceback" not in found.stderr


@pytest.mark.parametrize("deep", [(), ("--deep",)], ids=["frozen", "deep"])
def test_sound_decisions_are_verified_in_bulk(kept: Kept, deep: tuple[str, ...]) -> None:
    found = run(kept.sound, "verify", "decisions", "--sample", "50", *deep, "--json")

    answer = json.loads(found.stdout)
    assert found.returncode == 0
    assert list(answer) == ["verified", "differences", "per_second"]
    assert (answer["verified"], answer["differences"]) == (50, 0)


def test_a_changed_decision_is_named_in_bulk(kept: Kept) -> None:
    found = run(kept.forged, "verify", "decisions")
    as_json = run(kept.forged, "verify", "decisions", "--json")

    assert (found.returncode, as_json.returncode) == (1, 1)
    assert "✗ t-61 of demo, at 0/" in found.stdout
    assert "score: stored 7, replayed" in found.stdout
    assert "1 differ" in found.stdout
    assert json.loads(as_json.stdout)["differences"] == 1
    assert "✗ t-61 of demo" in as_json.stderr


def test_days_without_decisions_are_told(kept: Kept) -> None:
    found = run(kept.sound, "verify", "decisions", "--to", "2020-01-01")

    assert found.returncode == 1
    assert "Widen --from and --to" in found.stderr
