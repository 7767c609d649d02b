"""Each check finds what it is there for: the books are tampered with, and it must say so."""

import psycopg
import pytest

from data_contracts.decision import Verdict
from data_contracts.resolution import ResolutionKind
from data_contracts.transaction import TransactionType
from ledger import invariants
from ledger.claims import balances, books, bounds, events
from ledger.claims.claim import Invariant
from ledger.invariants import INVARIANTS, OFFENDERS_MAX, check
from ledger.postgres import PostgresBooks
from runtime.postgres import connect
from tests.ledger.arrivals import a_correction, a_resolution, an_arrival, end, paid_in, post
from tests.ledger.stores import PostgresStore

pytestmark = pytest.mark.servers

TAMPERING = [
    (balances.SUM_IS_NOUGHT, "UPDATE ledger.balances SET posted = posted + 1 WHERE posted > 50"),
    (
        balances.TWO_SIDES,
        "UPDATE ledger.transfers SET credit_account = 4711 WHERE position = 1",
    ),
    (balances.BALANCE_IS_SUM, "UPDATE ledger.transfers SET amount_minor = 2 WHERE position = 2"),
    (balances.HELD_IS_SUM, "DELETE FROM ledger.resolutions"),
    (balances.VERSIONS_RUN, "DELETE FROM ledger.transfers WHERE position = 1"),
    (balances.VERSIONS_RUN, "UPDATE ledger.transfers SET debit_version = 9 WHERE position = 2"),
    (balances.AFTERS_CHAIN, "UPDATE ledger.transfers SET debit_after = 9 WHERE position = 2"),
    (
        balances.AFTERS_CHAIN,
        """UPDATE ledger.transfers SET debit_version = 5 - debit_version
           WHERE position IN (2, 3) AND kind = 'posting'""",
    ),
    (
        events.BOOKED_ONCE,
        """INSERT INTO ledger.transfers
           SELECT (jsonb_populate_record(t, '{"position": 99}')).* FROM ledger.transfers t
           WHERE position = 1""",
    ),
    (
        events.CONFLICTS_APART,
        "UPDATE ledger.conflicts SET refused_hash = booked_hash",
    ),
    (
        events.OUTCOMES_KEPT,
        "UPDATE ledger.outcomes SET status = 'declined' WHERE position = 1",
    ),
    (
        events.OUTCOMES_KEPT,
        "UPDATE ledger.outcomes SET amount_minor = 1 WHERE position = 2",
    ),
    (events.OUTCOMES_KEPT, "DELETE FROM ledger.outcomes WHERE position = 2"),
    (events.HOLDS_END_ONCE, "UPDATE ledger.resolutions SET kind = 'release'"),
    (
        bounds.BOUNDS_KEPT,
        "UPDATE ledger.transfers SET debit_after = -1 WHERE position = 12 AND debit_version = 2",
    ),
    (
        bounds.BOUNDS_KEPT,
        "UPDATE ledger.transfers SET debit_after = -3 WHERE kind = 'resolution' AND position = 14",
    ),
    (bounds.BOUNDS_KEPT, "UPDATE ledger.balances SET held = held + 100 WHERE held = 9"),
    (
        bounds.BOUNDS_KEPT,
        """UPDATE ledger.bounds_history SET balances = '{"EUR": {"version": 2, "available": -24}}'
           WHERE may_go_negative""",
    ),
    (bounds.BOUNDS_KNOWN, "DELETE FROM ledger.bounds_history WHERE may_go_negative"),
    (bounds.BOUNDS_KNOWN, "TRUNCATE ledger.bounds_history"),
    (bounds.BOUNDS_KNOWN, "UPDATE ledger.accounts SET may_go_negative = NOT may_go_negative"),
    (books.NOTHING_CHANGES, "ALTER TABLE ledger.outcomes DISABLE TRIGGER only_grows"),
    (
        events.BOOKED_ONCE,
        """INSERT INTO ledger.transfers
           SELECT (jsonb_populate_record(t, '{"leg": 1}')).* FROM ledger.transfers t
           WHERE position = 1""",
    ),
    (events.BOOKED_ONCE, "UPDATE ledger.outcomes SET position = 3 WHERE position = 6"),
    (
        events.SIDES_ARE_RIGHT,
        "UPDATE ledger.outcomes SET account_id = 'acc-2' WHERE position = 2",
    ),
    (
        events.SIDES_ARE_RIGHT,
        "UPDATE ledger.holds SET (debit_account, credit_account) = (credit_account, debit_account)",
    ),
    (
        books.NOTHING_CHANGES,
        """DROP TRIGGER only_grows ON ledger.holds;
           CREATE TRIGGER only_grows BEFORE DELETE ON ledger.holds
               FOR EACH ROW EXECUTE FUNCTION ledger.refuse_change()""",
    ),
    (
        books.NOTHING_CHANGES,
        """CREATE OR REPLACE FUNCTION ledger.refuse_change() RETURNS trigger
           LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$""",
    ),
    (books.NOTHING_CHANGES, "DROP TRIGGER only_grows ON ledger.audit_records"),
    (books.RIGHTS_ARE_LEAST, "GRANT DELETE ON ledger.transfers_2026_03 TO PUBLIC"),
    (books.RIGHTS_ARE_LEAST, "GRANT UPDATE (amount_minor) ON ledger.outcomes TO PUBLIC"),
    (books.RIGHTS_ARE_LEAST, "GRANT INSERT ON ledger.holds TO PUBLIC"),
    (
        books.RIGHTS_ARE_LEAST,
        """DO $$ BEGIN CREATE ROLE watchkeeper_api;
           EXCEPTION WHEN duplicate_object THEN NULL; END $$;
           ALTER ROLE watchkeeper_api SUPERUSER""",
    ),
    (books.NOTHING_CHANGES, "DROP TRIGGER never_empties ON ledger.transfers_rest"),
    (
        balances.AMOUNTS_ARE_POSITIVE,
        """ALTER TABLE ledger.holds DROP CONSTRAINT holds_amount_minor_check;
           UPDATE ledger.holds SET amount_minor = -amount_minor""",
    ),
    (
        events.BOOKED_WHOLE,
        "UPDATE ledger.outcomes SET booked_at = booked_at + interval '1 s' WHERE position = 2",
    ),
    (
        events.BOOKED_WHOLE,
        "UPDATE ledger.resolutions SET booked_at = booked_at + interval '1 s'",
    ),
    (
        balances.AMOUNTS_FIT,
        "UPDATE ledger.outcomes SET amount_minor = 10 ^ 12 + 1 WHERE position = 6",
    ),
    (balances.AMOUNTS_FIT, "UPDATE ledger.balances SET posted = -4611686018427387905"),
    (
        events.GIVEN_BACK_ONCE,
        "UPDATE ledger.corrections SET amount_minor = 8 WHERE type = 'refund'",
    ),
    (events.GIVEN_BACK_ONCE, "UPDATE ledger.corrections SET effect = 'released'"),
    (events.OUTCOMES_KEPT, "DELETE FROM ledger.corrections WHERE effect = 'released'"),
    (books.TOTALS_COUNT, "UPDATE ledger.totals SET count = count + 1 WHERE name = 'held'"),
    (books.WATERMARK_IS_HIGHEST, "UPDATE ledger.watermarks SET position = 1"),
]


@pytest.fixture
def sound(database: str) -> str:
    """Books with a bit of everything in them."""
    store = PostgresBooks.at(database, "test")
    post(
        store,
        paid_in(1, 100),
        an_arrival(2, amount_minor=5),
        an_arrival(3, amount_minor=7),
        an_arrival(4, Verdict.REVIEW, amount_minor=11),
        an_arrival(5, Verdict.REVIEW, amount_minor=13),
        an_arrival(6, Verdict.DECLINE),
    )
    post(store, an_arrival(7, transaction_id="at-2", amount_minor=6), an_arrival(8))
    end(store, a_resolution("at-4", ResolutionKind.POST), next_offset=1)
    post(
        store,
        a_correction(9, TransactionType.REFUND, amount_minor=7, original_transaction_id="at-3"),
        a_correction(10, TransactionType.REVERSAL, amount_minor=13, original_transaction_id="at-5"),
    )
    with_bounds(PostgresStore(store, database))
    store.close()
    return database


def with_bounds(store: PostgresStore) -> None:
    """One account that was bound at once, and one that was while it owed money."""
    store.bound("acc-2")
    post(
        store.books,
        paid_in(11, 20, "acc-2"),
        an_arrival(12, account_id="acc-2", amount_minor=5),
        an_arrival(13, Verdict.REVIEW, account_id="acc-2", amount_minor=9),
        an_arrival(14, Verdict.REVIEW, account_id="acc-2", amount_minor=4),
        an_arrival(15, account_id="acc-3", amount_minor=20),
        an_arrival(16, Verdict.REVIEW, account_id="acc-3", amount_minor=3),
    )
    store.bound("acc-3")
    end(store.books, a_resolution("at-14", ResolutionKind.POST), next_offset=2)
    end(store.books, a_resolution("at-16", ResolutionKind.POST), next_offset=3)
    store.bound("acc-3", may_go_negative=True)


def offended(dsn: str, tampering: str) -> dict[Invariant, tuple[str, ...]]:
    """What the checks find after a statement that nobody could run without switching guards off."""
    with connect(dsn, "check") as connection:
        connection.execute("BEGIN")
        connection.execute("SET LOCAL session_replication_role = replica")
        connection.execute(tampering.encode())
        connection.execute("SET LOCAL session_replication_role = origin")
        found = [each for each in invariants.findings(connection) if not each.holds]
        connection.execute("ROLLBACK")
        assert all(finding.holds for finding in check(connection))
    return {finding.invariant: finding.offenders for finding in found}


def test_sound_books_offend_against_nothing(sound: str) -> None:
    with connect(sound, "check") as connection:
        findings = list(check(connection))

    assert [finding.invariant for finding in findings] == list(INVARIANTS)
    assert all(finding.holds and not finding.offenders for finding in findings)


@pytest.mark.parametrize(("invariant", "tampering"), TAMPERING)
def test_what_was_tampered_with_is_found(sound: str, invariant: Invariant, tampering: str) -> None:
    assert invariant in offended(sound, tampering)


def test_every_invariant_is_tampered_with_here() -> None:
    assert {invariant for invariant, _ in TAMPERING} == set(INVARIANTS)


def test_the_first_offenders_are_named_and_all_are_counted(database: str) -> None:
    store = PostgresBooks.at(database, "test")
    post(store, *(an_arrival(number, account_id=f"acc-{number}") for number in range(25)))
    store.close()
    with connect(database, "check") as connection:
        connection.execute("UPDATE ledger.balances SET version = 7 WHERE posted < 0")
        (finding,) = (each for each in check(connection) if each.count)

    assert finding.invariant is balances.VERSIONS_RUN
    assert (finding.count, len(finding.offenders)) == (25, OFFENDERS_MAX)


@pytest.mark.parametrize(
    "table", ["outcomes", "transfers", "holds", "resolutions", "corrections", "conflicts"]
)
@pytest.mark.parametrize(
    "change",
    ["UPDATE ledger.{} SET cell = 1", "DELETE FROM ledger.{}", "TRUNCATE ledger.{} CASCADE"],
)
def test_what_is_booked_cannot_be_changed(sound: str, table: str, change: str) -> None:
    statement = change.format(table)
    columns = {"resolutions": "reason = ''", "corrections": "amount_minor = 1"}
    statement = statement.replace("cell = 1", columns.get(table, "cell = 1"))
    with (
        connect(sound, "test") as connection,
        pytest.raises(psycopg.errors.RestrictViolation, match="book a correction instead"),
    ):
        connection.execute(statement.encode())


def test_a_partition_cannot_be_emptied_behind_its_parent(sound: str) -> None:
    with connect(sound, "test") as connection:
        (partition,) = connection.execute(
            "SELECT DISTINCT tableoid::regclass::text FROM ledger.transfers"
        ).fetchone() or ("none",)
        assert partition == "ledger.transfers_2026_03"
        with pytest.raises(psycopg.errors.RestrictViolation):
            connection.execute(f"TRUNCATE {partition}".encode())
