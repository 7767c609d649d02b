"""Each role on a real server: its work goes, and all else is refused by the database itself."""

import psycopg
import pytest

from data_contracts.decision import Verdict
from data_contracts.resolution import ResolutionKind
from data_contracts.transaction import TransactionType
from ledger import reading
from ledger.invariants import check
from ledger.postgres import PostgresBooks
from ledger.privileges import GRANTS
from ledger.values import Expiry
from runtime.postgres import connect
from runtime.roles import Role, are_made, grant
from tests.factories import NOON, TENANT, minute
from tests.ledger.arrivals import a_correction, a_resolution, an_arrival, end, post

pytestmark = pytest.mark.servers

SECRET = "only-for-tests"  # noqa: S105  (on loopback, for as long as the session lasts)
JOURNAL = ("outcomes", "transfers", "holds", "resolutions", "corrections", "conflicts")
CHANGES = ("UPDATE ledger.{} SET event_id = NULL", "DELETE FROM ledger.{}", "TRUNCATE ledger.{}")
WRITES_TO_THE_JOURNAL = [change.format(table) for table in JOURNAL for change in CHANGES]
ADDITIONS = [f"INSERT INTO ledger.{table} DEFAULT VALUES" for table in JOURNAL]
STRUCTURE = [
    "CREATE TABLE ledger.mine ()",
    "ALTER TABLE ledger.transfers DISABLE TRIGGER ALL",
    "DROP TRIGGER only_grows ON ledger.outcomes",
    "DROP TABLE ledger.conflicts",
    "CREATE TABLE public.mine ()",
    "SET session_replication_role = replica",
    "ALTER FUNCTION ledger.refuse_change() RENAME TO allow_change",
    "SET ROLE watchkeeper",
]
CHANGES_OF_THE_CHAIN = [
    "UPDATE ledger.audit_records SET body = ''",
    "DELETE FROM ledger.audit_records",
    "TRUNCATE ledger.audit_records",
    "UPDATE ledger.audit_notes SET body = ''",
    "TRUNCATE ledger.audit_notes",
]
CHANGES_OF_THE_BOUNDS = [
    "INSERT INTO ledger.bounds_history DEFAULT VALUES",
    "UPDATE ledger.bounds_history SET may_go_negative = true",
    "DELETE FROM ledger.bounds_history",
    "TRUNCATE ledger.bounds_history",
]
SEALING = ["INSERT INTO ledger.audit_records DEFAULT VALUES", "DELETE FROM ledger.audit_notes"]
REFUSALS = {
    Role.SEALER: [
        *WRITES_TO_THE_JOURNAL,
        *ADDITIONS,
        *STRUCTURE,
        *CHANGES_OF_THE_CHAIN,
        *CHANGES_OF_THE_BOUNDS,
        "INSERT INTO ledger.audit_notes DEFAULT VALUES",
        "SELECT FROM ledger.outcomes",
    ],
    Role.POSTING: [
        *CHANGES_OF_THE_CHAIN,
        *CHANGES_OF_THE_BOUNDS,
        *SEALING,
        *WRITES_TO_THE_JOURNAL,
        *STRUCTURE,
        "UPDATE ledger.accounts SET may_go_negative = true",
        "DELETE FROM ledger.balances",
        "DELETE FROM ledger.watermarks",
        "UPDATE ledger.bounds SET changes = 0",
        "TRUNCATE ledger.transfers_2026_03",
        "INSERT INTO ledger.transfers_2026_03 DEFAULT VALUES",
    ],
    Role.API: [
        *CHANGES_OF_THE_CHAIN,
        *CHANGES_OF_THE_BOUNDS,
        *SEALING,
        *WRITES_TO_THE_JOURNAL,
        *ADDITIONS,
        *STRUCTURE,
        "UPDATE ledger.balances SET posted = 1",
        "INSERT INTO ledger.balances (account_key, currency, posted) VALUES (1, 'JPY', 5)",
        "UPDATE ledger.accounts SET currency = 'USD'",
        "UPDATE ledger.watermarks SET position = 0",
        "SELECT ledger.make_months('2026-01-01', 1)",
    ],
    Role.AUDITOR: [
        *CHANGES_OF_THE_CHAIN,
        *CHANGES_OF_THE_BOUNDS,
        *SEALING,
        *WRITES_TO_THE_JOURNAL,
        *ADDITIONS,
        *STRUCTURE,
        "UPDATE ledger.balances SET posted = 1",
        "INSERT INTO ledger.accounts DEFAULT VALUES",
    ],
    Role.CASEWORK: [
        *CHANGES_OF_THE_CHAIN,
        *CHANGES_OF_THE_BOUNDS,
        *SEALING,
        *WRITES_TO_THE_JOURNAL,
        *ADDITIONS,
        *STRUCTURE,
        *(f"SELECT FROM ledger.{table}" for table in (*JOURNAL, "accounts", "balances")),
    ],
}


def as_role(dsn: str, role: Role) -> str:
    return psycopg.conninfo.make_conninfo(dsn, user=role, password=SECRET)


@pytest.fixture
def books(database: str) -> str:
    """Books that posting has written under its own role."""
    grant(database, {"ledger": GRANTS}, dict.fromkeys(Role, SECRET))
    store = PostgresBooks.at(as_role(database, Role.POSTING), "test")
    store.make_months(NOON)
    post(store, an_arrival(1), an_arrival(2, Verdict.REVIEW), an_arrival(3, Verdict.REVIEW))
    post(
        store,
        an_arrival(4, transaction_id="at-1", amount_minor=7),
        a_correction(5, TransactionType.REFUND),
    )
    end(store, a_resolution("at-2", ResolutionKind.POST), next_offset=1)
    store.expire(Expiry(before=minute(1), reason="too old", booked_at=minute(2)))
    store.close()
    return database


def test_posting_does_all_of_its_work_under_its_role(books: str) -> None:
    with connect(as_role(books, Role.AUDITOR), "check") as connection:
        assert [finding for finding in check(connection) if not finding.holds] == []
        row = connection.execute("SELECT count(*) FROM ledger.resolutions").fetchone()
    assert row == (2,)


def test_the_api_registers_and_reads(books: str) -> None:
    given = {
        "tenant": TENANT,
        "account_id": "acc-7",
        "kind": "liability",
        "is_customer": True,
        "currency": "EUR",
        "customer_id": "c-7",
        "branch_id": None,
        "may_go_negative": False,
        "opened_at": NOON,
    }
    with connect(as_role(books, Role.API), "test") as connection:
        for is_new in (True, False):
            row = connection.execute(reading.REGISTER, given).fetchone()
            assert row is not None
            assert row[1] is is_new
            key = {"account_key": row[0], "currency": "EUR"}
            connection.execute(reading.FIRST_BALANCE, key)
            given["may_go_negative"] = True
        assert connection.execute("SELECT changes FROM ledger.bounds").fetchone() != (0,)
        assert connection.execute(reading.TOTALS).fetchall()


@pytest.mark.parametrize("role", Role)
def test_what_is_not_a_roles_work_is_refused(books: str, role: Role) -> None:
    with connect(as_role(books, role), "test") as connection:
        for statement in REFUSALS[role]:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement.encode())


def test_rights_that_were_taken_back_are_gone(books: str) -> None:
    with connect(books, "test") as connection:
        connection.execute("GRANT DELETE ON ledger.outcomes TO watchkeeper_posting")
    grant(books, {"ledger": GRANTS}, {})
    with (
        connect(as_role(books, Role.POSTING), "test") as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("DELETE FROM ledger.outcomes")


def test_whether_the_roles_are_there_can_be_asked(books: str) -> None:
    assert are_made(books)
