"""The audit chain on a real Postgres, laid beside all that it tells of."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from runtime import migrations
from runtime.audit.chain import Fault, Link
from runtime.audit.checkpoints import FILE
from runtime.audit.ports import LAST
from runtime.audit.store import Store
from runtime.postgres import connect
from tests.conftest import Databases
from tests.factories import NOON
from tests.watchkeeper.audited import KEYS, House, work
from watchkeeper import audit_export
from watchkeeper.errors import Failure

pytestmark = pytest.mark.servers


@pytest.fixture
def house(databases: Databases, tmp_path: Path) -> Iterator[House]:
    with databases.fresh() as dsn:
        migrations.upgrade(dsn)
        work(dsn)
        yield House(dsn, tmp_path)


def test_all_that_happened_is_in_the_chain_and_agrees_with_it(house: House) -> None:
    before = house.verify()
    assert (before.intact, before.records, before.unsealed) == (True, 0, 8)
    assert house.seal() == 8
    found = house.verify()
    assert found.faults == ()
    assert (found.intact, found.records, found.unsealed, found.checkpoints) == (True, 8, 0, 1)
    assert house.kinds() == [
        "postings",
        "postings",
        "ends",
        "ends",
        "proposal",
        "approval",
        "list-entry",
        "list-entry",
    ]
    assert house.seal() == 0


def test_two_sealers_take_turns_and_one_that_breaks_off_leaves_nothing(house: House) -> None:
    with psycopg.connect(house.dsn) as one, connect(house.dsn, "test") as other:
        with one.transaction(force_rollback=True):
            assert len(Store(one).seal(KEYS.sealing, lambda: NOON)) == 8
        assert Store(other).end() == Link()
        assert len(Store(other).seal(KEYS.sealing, lambda: NOON)) == 8
    assert house.verify().intact


def test_a_part_can_be_verified(house: House) -> None:
    house.seal()
    house.run("UPDATE ledger.transfers SET amount_minor = 1 WHERE position = 5")
    assert house.verify(2, 8).intact
    found = house.verify(1, 3)
    assert [fault.seq for fault in found.faults] == [1]


@pytest.mark.parametrize(
    ("first", "last", "missing"),
    [
        (7, 9, Fault(9, "it was asked for, and is missing")),
        (12, LAST, Fault(12, "it was asked for, and is missing")),
        (1, 12, Fault(9, "9 to 12 are missing: they were asked for")),
    ],
)
def test_what_is_asked_for_must_be_there(
    house: House, first: int, last: int, missing: Fault
) -> None:
    house.seal()
    (fault,) = house.verify(first, last).faults
    assert fault == missing


def test_a_part_whose_end_is_gone_is_not_called_intact(house: House) -> None:
    house.seal()
    house.run("DELETE FROM ledger.audit_records WHERE seq IN (3, 4)")
    assert [(fault.seq, fault.what) for fault in house.verify(2, 4).faults] == [
        (3, "3 to 4 are missing: they were asked for")
    ]


def test_a_note_that_is_taken_away_before_it_is_sealed_is_missed(house: House) -> None:
    house.run("DELETE FROM ledger.audit_notes WHERE number = 1")
    house.seal()
    found = house.verify()
    assert any("no record tells of 5 rows of ledger.outcomes" in each.what for each in found.faults)


def test_a_checkpoint_that_was_changed_is_told(house: House) -> None:
    house.seal()
    path = house.folder / FILE
    path.write_bytes(path.read_bytes().replace(b'"count":8', b'"count":7'))
    (fault,) = house.verify().faults
    assert "line 1 of checkpoints.jsonl is not signed by this stack" in fault.what


def test_what_was_booked_before_the_chain_began_is_left_alone(
    databases: Databases, tmp_path: Path
) -> None:
    with databases.fresh() as dsn:
        migrations.upgrade(dsn)
        work(dsn)
        migrations.downgrade(dsn, "ledger_0004")
        migrations.downgrade(dsn, "casework_0002")
        migrations.upgrade(dsn)
        house = House(dsn, tmp_path)
        house.seal()
        assert house.verify().faults == ()
        assert "beginning" in house.kinds()


def readers_check() -> str:
    """The program that the bundle's README shows."""
    return audit_export.README.read_text().split("```python\n")[1].split("```")[0]


def checked(folder: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", readers_check()],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_auditor_checks_a_bundle_without_our_code(house: House, tmp_path: Path) -> None:
    house.seal()
    bundle = tmp_path / "bundle"
    assert audit_export.write(house.dsn, house.folder, KEYS, bundle, lambda _count: None) == 8
    assert checked(bundle).stdout == "8 records, 1 checkpoints: intact\n"

    records = bundle / audit_export.RECORDS_FILE
    lines = records.read_bytes().splitlines(keepends=True)
    records.write_bytes(b"".join(lines[:-1]))
    assert "saw another record 8" in checked(bundle).stderr
    records.write_bytes(b"".join(lines).replace(b'"bob"', b'"eve"'))
    assert "record 6 is not what was sealed" in checked(bundle).stderr


def test_an_auditor_checks_the_money_in_the_database_without_our_code(house: House) -> None:
    house.seal()
    query = audit_export.README.read_text().split("```sql\n")[1].split("```")[0]

    def differing() -> list[int]:
        with psycopg.connect(house.dsn) as connection:
            return [row[0] for row in connection.execute(query.encode())]

    assert differing() == []
    house.run("UPDATE ledger.transfers SET amount_minor = 1 WHERE position = 7")
    assert differing() == [2]
    house.run("DELETE FROM ledger.transfers WHERE kind = 'posting' AND position < 6")
    assert differing() == [1, 2]


def test_a_folder_with_something_in_it_is_left_alone(house: House, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    with pytest.raises(Failure, match="is not empty"):
        audit_export.write(house.dsn, house.folder, KEYS, tmp_path, lambda _count: None)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
