"""The audit chain on a real Postgres: whatever is tampered with is found, and named."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from data_contracts.codec import encode
from data_contracts.decision import ListHit, RuleHit, Severity, Verdict
from data_contracts.resolution import ResolutionKind
from data_contracts.transaction import TransactionType
from ledger.arrivals import parse_decision
from ledger.postgres import PostgresBooks
from ledger.values import Expiry
from runtime import migrations
from runtime.audit.chain import Link, Note, Record, chained
from runtime.audit.checkpoints import FILE, Keys, append
from runtime.audit.store import Store
from runtime.postgres import connect
from tests.conftest import Databases
from tests.factories import NOON, a_decision, a_transaction, minute
from tests.ledger.arrivals import a_correction, a_resolution, an_arrival, end, post
from watchkeeper import audit_export
from watchkeeper.auditing import Report, verify
from watchkeeper.errors import Failure

pytestmark = pytest.mark.servers

KEYS = Keys.of("only-for-tests-only-for-tests-only")
NOBODY = "INSERT INTO casework.rule_sets VALUES (encode(sha256('{}'), 'hex'), '{}')"
PROPOSE = """
INSERT INTO casework.proposals (rule_set, author, proposed_at, note)
SELECT rule_set, 'ada', now(), 'new' FROM casework.rule_sets
"""
APPROVE = """
INSERT INTO casework.approvals (rule_set, author, approver, approved_at, note)
SELECT rule_set, author, 'bob', now(), '' FROM casework.proposals
"""
PUBLISH = """
INSERT INTO casework.publications (cell, position, kind, record, logged_at)
VALUES (0, %s, 'list-entry', '{"list_id": "a", "value": "b", "recorded_by": "ada"}', now())
"""
WITH_HITS = a_decision(
    transaction=a_transaction(account_id="a\\b"),
    position=9,
    hits=(
        RuleHit(
            rule_id="r-1",
            version=1,
            typology="t",
            severity=Severity.HIGH,
            score=60,
            reason='because "it" is\tso \\ ä',
        ),
    ),
    list_hit=ListHit(list_id="l", field="account_id", reason="asked"),
)
ARRIVALS = (
    an_arrival(1),
    an_arrival(2, Verdict.REVIEW),
    an_arrival(3, Verdict.REVIEW),
    an_arrival(4, Verdict.DECLINE),
    an_arrival(5, amount_minor=77),
)


@dataclass
class House:
    """A database with all that the chain tells of, and a folder for checkpoints."""

    dsn: str
    folder: Path

    def run(self, *statements: str) -> None:
        """What someone does who may do all, with the guards off."""
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            connection.execute("SET session_replication_role = replica")
            for statement in statements:
                connection.execute(statement.encode())

    def seal(self, *, sign: bool = True) -> int:
        with connect(self.dsn, "test") as connection:
            store = Store(connection)
            sealed = len(store.seal(KEYS.sealing, lambda: NOON))
            if sign:
                append(self.folder, KEYS.sign(store.end(), NOON))
        return sealed

    def verify(self, first: int = 1, last: int = 2**63 - 1) -> Report:
        return verify(self.dsn, self.folder, KEYS, (first, last))

    def kinds(self) -> list[str]:
        with connect(self.dsn, "test") as connection, connection.transaction():
            return [record.note.kind for record in Store(connection).records()]


def work(dsn: str) -> None:
    """Every kind of row that the books have, and of what is published."""
    books = PostgresBooks.at(dsn, "test")
    post(books, *ARRIVALS)
    post(
        books,
        an_arrival(6, transaction_id="at-1", amount_minor=7),
        a_correction(7, TransactionType.REFUND),
        parse_decision(encode(WITH_HITS), 0, NOON),
    )
    end(books, a_resolution("at-2", ResolutionKind.POST), next_offset=1)
    books.expire(Expiry(before=minute(1), reason="too old", booked_at=minute(2)))
    books.close()
    with connect(dsn, "test") as connection:
        for statement in (NOBODY, PROPOSE, APPROVE):
            connection.execute(statement.encode())
        for position in (1, 2):
            connection.execute(PUBLISH.encode(), [position])


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


TAMPERING = {
    "an amount of a transfer": (
        "UPDATE ledger.transfers SET amount_minor = amount_minor + 1 WHERE position = 5",
        1,
        "ledger.transfers, positions 1 to 5 of cell 0: what stands there is not what was booked",
    ),
    "an amount of an outcome": (
        "UPDATE ledger.outcomes SET amount_minor = amount_minor + 1 WHERE position = 4",
        1,
        "ledger.outcomes, positions 1 to 5",
    ),
    "a hit of a decision": (
        "UPDATE ledger.outcomes SET hits = '[]' WHERE position = 9",
        2,
        "ledger.outcomes, positions 6 to 9",
    ),
    "the amounts of two rows exchanged": (
        (
            "UPDATE ledger.transfers t SET amount_minor = o.amount_minor FROM ledger.transfers o "
            "WHERE t.position IN (1, 5) AND o.position IN (1, 5) AND t.position <> o.position"
        ),
        1,
        "what stands there is not what was booked",
    ),
    "a row removed": (
        "DELETE FROM ledger.outcomes WHERE position = 4",
        1,
        "5 rows were booked, 4 stand there",
    ),
    "a row put between": (
        (
            "INSERT INTO ledger.transfers SELECT cell, 4, leg, event_id, kind, debit_account, "
            "credit_account, amount_minor, currency, debit_after, debit_version, credit_after, "
            "credit_version, occurred_at, booked_at FROM ledger.transfers WHERE position = 5"
        ),
        1,
        "2 rows were booked, 3 stand there",
    ),
    "a row put behind": (
        (
            "INSERT INTO ledger.holds SELECT gen_random_uuid(), hold_id, cell, 99, debit_account, "
            "credit_account, amount_minor, currency, occurred_at, booked_at FROM ledger.holds "
            "LIMIT 1"
        ),
        None,
        "no record tells of a row of ledger.holds at position 99 of cell 0",
    ),
    "the end of a hold": (
        "UPDATE ledger.resolutions SET resolved_by = 'eve' WHERE kind = 'post'",
        3,
        "ledger.resolutions of the holds that it ended",
    ),
    "the transfer of an end": (
        "UPDATE ledger.transfers SET credit_account = 99 WHERE kind = 'resolution'",
        3,
        "ledger.transfers of the holds that it ended",
    ),
    "the end of a hold removed": (
        "DELETE FROM ledger.resolutions WHERE kind = 'expire'",
        4,
        "1 rows were booked, 0 stand there",
    ),
    "a conflict": ("DELETE FROM ledger.conflicts", 2, "ledger.conflicts"),
    "a correction": (
        "UPDATE ledger.corrections SET amount_minor = 1",
        2,
        "ledger.corrections",
    ),
    "an approver": (
        "UPDATE casework.proposals SET author = 'eve'",
        5,
        "is not what it was",
    ),
    "an approval removed": ("DELETE FROM casework.approvals", 6, "is gone"),
    "an entry of a list": (
        "UPDATE casework.publications SET record = '{}' WHERE position = 2",
        8,
        "casework.publications [0, 2] is not what it was",
    ),
    "a forged entry of a list": (
        (
            "INSERT INTO casework.publications (cell, position, kind, record, logged_at) "
            "VALUES (0, 3, 'list-entry', '{}', now())"
        ),
        None,
        "no record tells of casework.publications [0, 3]",
    ),
    "a record": (
        "UPDATE ledger.audit_records SET body = replace(body, '0', '1') WHERE seq = 2",
        2,
        "its content is not what was sealed",
    ),
    "the body of a record, unreadable": (
        "UPDATE ledger.audit_records SET body = 'x' WHERE seq = 7",
        7,
        "its content is not what was sealed",
    ),
    "who acted": (
        "UPDATE ledger.audit_records SET actor = 'eve' WHERE seq = 6",
        6,
        "its content is not what was sealed",
    ),
    "two records exchanged": (
        (
            "UPDATE ledger.audit_records SET seq = seq + 100 WHERE seq IN (2, 3); "
            "UPDATE ledger.audit_records SET seq = 105 - seq WHERE seq > 100"
        ),
        2,
        "its content is not what was sealed",
    ),
    "the tail of the chain removed": (
        "DELETE FROM ledger.audit_records WHERE seq > 6",
        7,
        "there are 6: the tail is cut off",
    ),
    "the middle of the chain removed": (
        "DELETE FROM ledger.audit_records WHERE seq IN (3, 4)",
        5,
        "3 to 4 are missing",
    ),
    "the head": (
        "UPDATE ledger.audit_records SET hash = sha256('x') WHERE seq = 8",
        8,
        "the hash differs",
    ),
    "a seal": (
        "UPDATE ledger.audit_records SET seal = sha256('x') WHERE seq = 4",
        4,
        "its seal was not made with this stack's key",
    ),
}


@pytest.mark.parametrize("what", TAMPERING)
def test_tampering_is_found_and_named(house: House, what: str) -> None:
    house.seal()
    statement, seq, words = TAMPERING[what]
    house.run(statement)
    found = house.verify()
    assert not found.intact
    assert found.faults[0].seq == seq
    assert any(fault.seq == seq and words in fault.what for fault in found.faults), found.faults


def rewritten(house: House, key: bytes) -> None:
    """The whole chain made again, with an amount changed, by someone who knows how it is made."""
    with connect(house.dsn, "test") as connection, connection.transaction():
        old = list(Store(connection).records())
    notes = [each.note for each in old[:-1]]
    house.run("DELETE FROM ledger.audit_records", "DELETE FROM casework.publications")
    for record in chained(notes, Link(), NOON, key):
        put(house, record)


def put(house: House, record: Record) -> None:
    note: Note = record.note
    with psycopg.connect(house.dsn, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO ledger.audit_records VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                *(record.seq, note.source, note.kind, note.actor, note.noted_at, note.body),
                *(record.sealed_at, record.previous, record.hash, record.seal),
            ],
        )


def test_a_chain_rewritten_without_the_key_is_told_from_the_first_record(house: House) -> None:
    house.seal()
    rewritten(house, b"guessed" * 5)
    found = house.verify()
    assert found.faults[0].seq == 1
    assert "somebody else wrote it" in found.faults[0].what


def test_a_chain_rewritten_with_the_key_is_told_by_the_checkpoints(house: House) -> None:
    house.seal()
    put_back = house.verify()
    rewritten(house, KEYS.sealing)
    post(books := PostgresBooks.at(house.dsn, "test"), an_arrival(20))
    books.close()
    house.seal(sign=False)
    found = house.verify()
    assert put_back.intact
    assert any("the chain was rewritten" in fault.what for fault in found.faults)


def test_a_forged_record_at_the_end_is_told_by_its_seal(house: House) -> None:
    house.seal()
    with connect(house.dsn, "test") as connection:
        at = Store(connection).end()
    note = Note(source="ledger", kind="postings", actor="eve", noted_at=NOON, body="{}")
    put(house, chained([note], at, NOON, b"guessed" * 5)[0])
    (fault,) = house.verify().faults
    assert fault.seq == 9
    assert "somebody else wrote it" in fault.what


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


def test_a_folder_with_something_in_it_is_left_alone(house: House, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    with pytest.raises(Failure, match="is not empty"):
        audit_export.write(house.dsn, house.folder, KEYS, tmp_path, lambda _count: None)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
