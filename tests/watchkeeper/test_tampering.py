"""Whatever is tampered with on a real Postgres is found, and named."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import psycopg
import pytest

from ledger.postgres import PostgresBooks
from runtime import migrations
from runtime.audit.chain import Link, Note, Record, chained
from runtime.audit.store import Store
from runtime.postgres import connect
from tests.conftest import Databases
from tests.factories import NOON
from tests.ledger.arrivals import an_arrival, post
from tests.watchkeeper.audited import KEYS, House, archive, work

pytestmark = pytest.mark.servers


@pytest.fixture
def house(databases: Databases, tmp_path: Path) -> Iterator[House]:
    with databases.fresh() as dsn:
        migrations.upgrade(dsn)
        work(dsn)
        archive(tmp_path / "archive")
        yield House(dsn, tmp_path)


CHANGED = "ledger.transfers, positions 1 to 5 of cell 0: what stands there is not what was booked"
TAMPERING = {
    "an amount of a transfer": (
        "UPDATE ledger.transfers SET amount_minor = amount_minor + 1 WHERE position = 5",
        1,
        f"{CHANGED} (position 5: amount_minor is 78, ledger.outcomes says 77)",
    ),
    "an amount of an outcome": (
        "UPDATE ledger.outcomes SET amount_minor = amount_minor + 1 WHERE position = 4",
        1,
        "(position 4: amount_minor is 1251, the archive has 1250)",
    ),
    "an amount wherever it stands": (
        (
            "UPDATE ledger.outcomes SET amount_minor = 78 WHERE position = 5; "
            "UPDATE ledger.transfers SET amount_minor = 78, debit_after = debit_after - 1, "
            "credit_after = credit_after + 1 WHERE position = 5"
        ),
        1,
        f"{CHANGED} (position 5: amount_minor is 78, the archive has 77)",
    ),
    "a balance after a transfer": (
        "UPDATE ledger.transfers SET debit_after = debit_after + 1 WHERE position = 1",
        1,
        "(position 1: the balance after it is -1249, by the one before -1250)",
    ),
    "who was paid": (
        "UPDATE ledger.transfers SET debit_account = 99 WHERE position = 1",
        1,
        "(position 1: it does not move account acc-1, as ledger.outcomes says",
    ),
    "when an outcome was booked": (
        "UPDATE ledger.outcomes SET booked_at = booked_at + interval '1s' WHERE position = 4",
        1,
        "(position 4: booked_at is",
    ),
    "a hit of a decision": (
        "UPDATE ledger.outcomes SET hits = '[]' WHERE position = 9",
        2,
        "(position 9: hits is [], the archive has [{'rule_id': 'r-1'",
    ),
    "the amounts of two rows exchanged": (
        (
            "UPDATE ledger.transfers t SET amount_minor = o.amount_minor FROM ledger.transfers o "
            "WHERE t.position IN (1, 5) AND o.position IN (1, 5) AND t.position <> o.position"
        ),
        1,
        "(position 1: amount_minor is 77, ledger.outcomes says 1250; position 5: amount_minor is ",
    ),
    "a transfer removed": (
        "DELETE FROM ledger.transfers WHERE position = 1",
        1,
        "2 rows were booked, 1 stand there (position 1: it is gone, ledger.outcomes says posted)",
    ),
    "a row removed": (
        "DELETE FROM ledger.outcomes WHERE position = 4",
        1,
        "5 rows were booked, 4 stand there (position 4: it is gone, the archive has its decision)",
    ),
    "a row put between": (
        (
            "INSERT INTO ledger.transfers SELECT cell, 4, leg, event_id, kind, debit_account, "
            "credit_account, amount_minor, currency, debit_after, debit_version, credit_after, "
            "credit_version, occurred_at, booked_at FROM ledger.transfers WHERE position = 5"
        ),
        1,
        "2 rows were booked, 3 stand there (position 4: position is 4, ledger.outcomes says 5)",
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
        "what stands there is not what was booked (position 2: it ended no other)",
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
        "(position 7: amount_minor is 1, ledger.outcomes says 30)",
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


def test_one_record_rewritten_with_the_key_is_told_by_the_one_behind_it(house: House) -> None:
    house.seal()
    with connect(house.dsn, "test") as connection, connection.transaction():
        first, old = Store(connection).records(6, 7)
    note = msgspec.structs.replace(old.note, actor="eve")
    house.run("DELETE FROM ledger.audit_records WHERE seq = 7")
    put(house, chained([note], Link(6, first.hash), NOON, KEYS.sealing)[0])
    (fault,) = house.verify().faults
    assert fault.seq == 8
    assert "it does not follow record 7" in fault.what
