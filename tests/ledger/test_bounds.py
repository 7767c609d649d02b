"""Since when an account may not go below nought is kept, to the transfer."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Event

import pytest

from data_contracts.decision import Verdict
from data_contracts.outcome import OutcomeStatus
from data_contracts.resolution import ResolutionKind
from ledger.claims.bounds import BOUNDS_KEPT
from ledger.invariants import check
from ledger.postgres import PostgresBooks
from ledger.remembered import Remembered
from ledger.values import Conflict
from runtime import migrations
from runtime.postgres import connect
from tests.ledger.arrivals import a_resolution, an_arrival, end, paid_in, post
from tests.ledger.stores import PostgresStore
from tests.waiting import until

pytestmark = pytest.mark.servers

WAITING = (
    "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'ledger.watermarks'::regclass"
)


@pytest.fixture
def store(database: str) -> Iterator[PostgresStore]:
    with closing(PostgresBooks.at(database, "test")) as books:
        yield PostgresStore(books, database)


def changes(store: PostgresStore) -> list[tuple[bool, dict[str, dict[str, int]]]]:
    with connect(store.dsn, "test") as connection:
        return connection.execute(
            "SELECT may_go_negative, balances FROM ledger.bounds_history ORDER BY number"
        ).fetchall()


def offenders(store: PostgresStore, tampering: str = "") -> Sequence[str]:
    """Who did not keep to a bound, after a change that switched the guards off."""
    with connect(store.dsn, "test") as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(tampering.encode())
        return next(each for each in check(connection) if each.invariant is BOUNDS_KEPT).offenders


def test_each_change_is_kept_with_what_the_account_had_by_then(store: PostgresStore) -> None:
    store.bound("acc-1")
    post(store.books, paid_in(1, 50), an_arrival(2, amount_minor=20))
    store.bound("acc-1")
    store.bound("acc-1", may_go_negative=True)
    post(store.books, an_arrival(3, amount_minor=31))
    store.bound("acc-1")

    assert changes(store) == [
        (False, {}),
        (True, {"EUR": {"version": 2, "available": 30}}),
        (False, {"EUR": {"version": 3, "available": -1}}),
    ]


def test_an_account_without_a_bound_leaves_no_trace(store: PostgresStore) -> None:
    store.bound("acc-1", may_go_negative=True)
    post(store.books, an_arrival(1), an_arrival(2, account_id="acc-2"))

    assert changes(store) == []


def test_what_was_owed_before_the_bound_came_offends_against_nothing(store: PostgresStore) -> None:
    post(store.books, an_arrival(1, amount_minor=30))
    store.bound("acc-1")
    effects = post(store.books, paid_in(2, 10), an_arrival(3, amount_minor=1))

    assert [each.status for each in effects.settlements] == [
        OutcomeStatus.POSTED,
        OutcomeStatus.REFUSED,
    ]
    assert offenders(store) == ()


@pytest.mark.parametrize("position", [1, 2, 4])
def test_only_what_was_paid_under_the_bound_is_judged(store: PostgresStore, position: int) -> None:
    post(store.books, paid_in(0, 50), an_arrival(1, amount_minor=1))
    store.bound("acc-1")
    post(store.books, an_arrival(2, amount_minor=1), paid_in(3, 1))
    store.bound("acc-1", may_go_negative=True)
    post(store.books, an_arrival(4, amount_minor=1))

    tampering = "UPDATE ledger.transfers SET debit_after = -1 WHERE position = {}"

    found = offenders(store, tampering.format(position))

    assert len(found) == (position == 2)


def test_a_balance_in_another_currency_is_bound_from_its_first_transfer(
    store: PostgresStore,
) -> None:
    store.bound("acc-1")
    post(store.books, paid_in(1, 50), an_arrival(2, amount_minor=20, currency="USD"))
    with connect(store.dsn, "test") as connection:
        found = connection.execute("SELECT count(*) FROM ledger.transfers").fetchone()

    assert found == (1,)
    assert len(offenders(store, "UPDATE ledger.balances SET posted = -1 WHERE currency = 'USD'"))


def test_a_change_comes_between_two_batches_whoever_is_writing(store: PostgresStore) -> None:
    """A batch is open when the change comes; the next one comes while the change still waits."""
    first, second = store.books, PostgresBooks.at(store.dsn, "second", Remembered())
    post(second, paid_in(1, 50), an_arrival(2, amount_minor=20))
    is_open, may_end = Event(), Event()

    def wait_before_the_commit(_conflicts: Sequence[Conflict]) -> None:
        is_open.set()
        assert may_end.wait(60)

    with (
        closing(second),
        ThreadPoolExecutor(3) as threads,
        connect(store.dsn, "look") as look,
    ):
        overdrawn = [an_arrival(3, amount_minor=40), an_arrival(4, transaction_id="at-1")]
        being_booked = threads.submit(post, first, *overdrawn, hear=wait_before_the_commit)
        assert is_open.wait(60)
        change = threads.submit(store.bound, "acc-1")
        until(lambda: look.execute(WAITING).fetchone() == (1,), "the change waits")
        after = threads.submit(post, second, an_arrival(5, amount_minor=1))
        until(lambda: look.execute(WAITING).fetchone() == (2,), "the next batch waits")
        may_end.set()
        change.result(60)

    assert [each.status for each in being_booked.result().settlements] == [OutcomeStatus.POSTED]
    assert [each.status for each in after.result().settlements] == [OutcomeStatus.REFUSED]
    assert changes(store) == [(False, {"EUR": {"version": 3, "available": -10}})]
    assert offenders(store) == ()


def test_a_hold_from_before_the_bound_may_be_paid_whatever_is_left(store: PostgresStore) -> None:
    post(store.books, paid_in(1, 10), an_arrival(2, Verdict.REVIEW, amount_minor=30))
    store.bound("acc-1")
    end(store.books, a_resolution("at-2", ResolutionKind.POST), next_offset=1)

    assert offenders(store) == ()
    tampering = "UPDATE ledger.transfers SET debit_after = -21 WHERE position = 2"
    assert len(offenders(store, tampering)) == 1


def test_bounds_that_are_older_than_the_history_count_from_where_they_stand(
    store: PostgresStore,
) -> None:
    store.bound("acc-1")
    post(
        store.books, paid_in(1, 50), an_arrival(2, amount_minor=20), an_arrival(3, amount_minor=30)
    )
    migrations.downgrade(store.dsn, "ledger_0006", rooms=["ledger"])
    migrations.upgrade(store.dsn, "ledger@head", rooms=["ledger"])

    assert changes(store) == [(False, {"EUR": {"version": 3, "available": 0}})]
