"""The past of an account: what both stores tell of it, whole and page by page."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import hypothesis.strategies as st
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings

from data_contracts.decision import Verdict
from data_contracts.outcome import OutcomeStatus
from data_contracts.resolution import ResolutionKind
from data_contracts.transaction import Direction, TransactionType
from ledger.async_history import BALANCES_AT, LOOKED_AT, STATEMENT, TRANSACTIONS
from ledger.chart import CARD_SETTLEMENT, CASH
from ledger.history import (
    CUSTOMER_ACCOUNT,
    Page,
    PastBalance,
    PastTransaction,
    TransactionQuery,
    in_words,
)
from ledger.memory import MemoryBooks
from ledger.postgres import PostgresBooks
from tests.factories import NOON, TENANT, minute
from tests.ledger.archives import Archive
from tests.ledger.arrivals import a_batch, a_resolution, an_arrival, end, nobody_hears, paid_in
from tests.ledger.stores import MemoryStore, PostgresStore, Store
from tests.ledger.whole_books import emptied

BOTH = ["memory", pytest.param("postgres", marks=pytest.mark.servers)]


@pytest.fixture
def archive(store: Store) -> Archive:
    return Archive(store)


def test_a_line_says_what_moved_against_whom_and_what_it_left(archive: Archive) -> None:
    archive.book(paid_in(1, 100))
    archive.book(an_arrival(2, amount_minor=30), minutes=5)

    last, first = archive.statement().items
    assert (first.moved, first.after, first.counter_account) == (100, 100, CASH)
    assert (last.moved, last.after, last.version) == (-30, 70, 2)
    assert (last.counter_account, last.counter_kind) == (CARD_SETTLEMENT, "liability")
    assert (last.transaction_id, last.transfer_id) == ("at-2", "0-2-0")
    assert last.type is TransactionType.CARD_PAYMENT
    assert (last.occurred_at, last.booked_at) == (NOON, minute(5))


def test_another_customer_is_never_named() -> None:
    assert in_words("acc-2") == CUSTOMER_ACCOUNT
    assert in_words(CASH) == CASH


def test_a_statement_is_of_one_currency_one_account_and_one_tenant(archive: Archive) -> None:
    archive.book(
        paid_in(1, 100),
        paid_in(2, 5, account="acc-2"),
        an_arrival(3, currency="CHF", amount_minor=7),
        an_arrival(4, tenant="other"),
    )
    assert [line.transaction_id for line in archive.statement().items] == ["at-1"]
    assert [line.after for line in archive.statement(currency="CHF").items] == [-7]
    assert archive.statement(currency="USD").items == []
    assert archive.statement(account_id="acc-9").items == []


def test_a_statement_begins_with_its_first_instant_and_ends_before_its_last(
    archive: Archive,
) -> None:
    for number in range(1, 5):
        archive.book(paid_in(number, 10), minutes=number)
    found = archive.statement(since=minute(2), until=minute(4)).items
    assert [line.after for line in found] == [30, 20]


def test_a_balance_is_told_as_of_any_time_across_months(archive: Archive) -> None:
    months = [minute(60 * 24 * 31 * number) for number in range(4)]
    for number, booked_at in enumerate(months, start=1):
        batch = a_batch([paid_in(number, 10)], booked_at=booked_at)
        archive.store.books.post(batch, nobody_hears)

    def posted(at: Any) -> list[int]:  # noqa: ANN401  (an instant)
        found = archive.ask(lambda history: history.balances_at(TENANT, "acc-1", at))
        return [balance.posted for balance in found]

    assert posted(NOON - timedelta(milliseconds=1)) == [0]
    assert [posted(month) for month in months] == [[10], [20], [30], [40]]
    assert posted(months[2] - timedelta(milliseconds=1)) == [20]
    assert archive.ask(lambda history: history.balances_at(TENANT, "acc-9", NOON)) == []
    assert [line.after for line in archive.statement(since=months[1]).items] == [40, 30, 20]


def test_each_currency_had_a_balance_of_its_own_the_accounts_first(archive: Archive) -> None:
    archive.book(paid_in(1, 100))
    archive.book(an_arrival(2, currency="CHF", amount_minor=7), minutes=1)
    assert archive.ask(lambda history: history.balances_at(TENANT, "acc-1", NOON)) == [
        PastBalance(currency="EUR", posted=100, version=1),
        PastBalance(currency="CHF", posted=0, version=0),
    ]


def test_what_was_booked_out_of_the_order_of_time_stays_in_the_order_of_the_books(
    archive: Archive,
) -> None:
    archive.book(paid_in(1, 10), minutes=5)
    archive.book(paid_in(2, 10), minutes=4)
    assert [line.version for line in archive.statement().items] == [2, 1]
    assert [archive.balance(minute(at)).posted for at in (4, 5, 6)] == [20, 20, 20]


def test_a_hold_is_no_line_until_it_is_posted(archive: Archive) -> None:
    archive.book(an_arrival(1, Verdict.REVIEW, amount_minor=30))
    assert archive.statement().items == []
    resolution = a_resolution("at-1", ResolutionKind.POST)
    end(archive.store.books, resolution, next_offset=1, booked_at=minute(9))
    (line,) = archive.statement().items
    assert (line.moved, line.booked_at) == (-30, minute(9))


def test_transactions_are_told_with_what_became_of_them(archive: Archive) -> None:
    archive.store.bound("acc-1")
    archive.book(
        an_arrival(1),
        paid_in(2, 100),
        an_arrival(3, Verdict.REVIEW, amount_minor=30),
        an_arrival(4, Verdict.DECLINE),
        an_arrival(5, Verdict.REVIEW, amount_minor=20),
    )
    resolution = a_resolution("at-3", ResolutionKind.RELEASE)
    end(archive.store.books, resolution, next_offset=1)

    found = archive.transactions().items
    assert [(each.outcome.status, each.hold_ended) for each in found] == [
        ("held", None),
        ("declined", None),
        ("held", "release"),
        ("posted", None),
        ("refused", None),
    ]
    assert found == [
        PastTransaction(
            outcome=archive.store.whole().outcomes[each.outcome.event_id],
            hold_ended=each.hold_ended,
        )
        for each in found
    ]


FILTERS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "by status": ({"status": OutcomeStatus.DECLINED}, ["at-3"]),
    "by type": ({"type": TransactionType.CASH_IN}, ["at-1"]),
    "from an amount on": ({"amount_min": 30}, ["at-3", "at-1"]),
    "up to an amount": ({"amount_max": 20}, ["at-4", "at-2"]),
    "by both amounts": ({"amount_min": 20, "amount_max": 30}, ["at-3", "at-2"]),
    "from an instant on": ({"since": minute(3)}, ["at-4", "at-3"]),
    "before an instant": ({"until": minute(3)}, ["at-2", "at-1"]),
    "of a span that is empty": ({"since": minute(9), "until": minute(1)}, []),
    "of another tenant": ({"tenant": "other"}, []),
    "of another account": ({"account_id": "acc-2"}, []),
}


@pytest.mark.parametrize(("filters", "expected"), FILTERS.values(), ids=FILTERS.keys())
def test_transactions_are_filtered(
    archive: Archive, filters: dict[str, Any], expected: list[str]
) -> None:
    archive.book(
        an_arrival(
            1,
            type=TransactionType.CASH_IN,
            direction=Direction.CREDIT,
            amount_minor=100,
            occurred_at=minute(1),
        ),
        an_arrival(2, amount_minor=20, occurred_at=minute(2)),
        an_arrival(3, Verdict.DECLINE, amount_minor=30, occurred_at=minute(3)),
        an_arrival(4, amount_minor=10, occurred_at=minute(4)),
    )
    assert archive.ids(**filters) == expected


def test_a_selective_page_looks_at_so_many_and_then_says_where_to_go_on(store: Store) -> None:
    archive = Archive(store, looked_at_max=4)
    archive.book(paid_in(1, 999), *(an_arrival(number, amount_minor=5) for number in range(2, 12)))

    pages, below = [], None
    while True:
        page = archive.transactions(amount_min=900, below=below, limit=2)
        pages.append([each.outcome.transaction_id for each in page.items])
        below = page.next_below
        if below is None:
            break
    assert pages == [[], [], ["at-1"]]
    assert len(archive.ids(limit=100)) == 11


movements = st.lists(
    st.tuples(
        st.sampled_from([Verdict.APPROVE, Verdict.APPROVE, Verdict.REVIEW, Verdict.DECLINE]),
        st.sampled_from(Direction),
        st.integers(1, 50),
        st.integers(-1, 3),
    ),
    min_size=1,
    max_size=24,
)


@pytest.fixture(params=BOTH)
def fresh(request: pytest.FixtureRequest) -> Iterator[Callable[[], Archive]]:
    """Makes an empty archive, as often as it is asked."""
    if request.param == "memory":
        yield lambda: Archive(MemoryStore(MemoryBooks()))
        return
    dsn = request.getfixturevalue("migrated_database")

    def made() -> Archive:
        emptied(dsn)
        books.close()
        return Archive(PostgresStore(books, dsn))

    books = PostgresBooks.at(dsn, "test")
    yield made
    books.close()


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(movements, st.integers(1, 5), st.integers(0, 24))
def test_pages_join_to_the_whole_and_each_line_is_the_balance_at_its_time(
    fresh: Callable[[], Archive],
    moves: list[tuple[Verdict, Direction, int, int]],
    limit: int,
    between: int,
) -> None:
    archive, booked_minutes = fresh(), 0.0

    def book(number: int) -> None:
        nonlocal booked_minutes
        verdict, direction, amount, later = moves[number]
        booked_minutes += later
        arrival = an_arrival(number, verdict, direction=direction, amount_minor=amount)
        archive.book(arrival, minutes=booked_minutes)

    first = min(between, len(moves))
    for number in range(first):
        book(number)
    whole, told = archive.statement().items, archive.ids()
    lines = _all(archive.statement, limit, lambda: None)
    assert lines == whole

    to_come = iter(range(first, len(moves)))

    def one_more() -> None:
        with suppress(StopIteration):
            book(next(to_come))

    assert _all(archive.statement, limit, one_more) == whole
    now = archive.ids()
    joined = _all(archive.transactions, limit, one_more)
    assert [each.outcome.transaction_id for each in joined] == now
    assert now[len(now) - len(told) :] == told
    _assert_running(archive)


def _all(ask: Callable[..., Page[Any]], limit: int, between: Callable[[], None]) -> list[Any]:
    page = ask(limit=limit)
    items = list(page.items)
    while page.next_below is not None:
        between()
        assert len(page.items) == limit
        page = ask(limit=limit, below=page.next_below)
        items += page.items
    return items


def _assert_running(archive: Archive) -> None:
    lines = archive.statement().items
    left = [line.after for line in lines]
    assert [line.after - line.moved for line in lines] == [*left, 0][1:]
    for line in lines:
        latest = next(each for each in lines if each.booked_at <= line.booked_at)
        told = archive.balance(line.booked_at)
        assert (told.posted, told.version) == (latest.after, latest.version)


@pytest.mark.servers
def test_the_past_is_read_by_index_and_of_the_months_asked_for(database: str) -> None:
    books = PostgresBooks.at(database, "test")
    for number in range(200):
        batch = a_batch(
            [paid_in(number, 1, account=f"acc-{number % 20}")],
            booked_at=minute(60 * 24 * 31 * (number // 50)),
        )
        books.post(batch, nobody_hears)
    books.close()
    given: dict[str, Any] = {
        **dict.fromkeys(TransactionQuery.__struct_fields__),
        "tenant": TENANT,
        "account_id": "acc-1",
        "currency": "EUR",
        "at": minute(60),
        "until": minute(60),
        "limit": 5,
        "looked_at_max": 5,
        "lowest": 0,
        "rows_max": 6,
    }
    with psycopg.connect(database) as connection:
        connection.execute("ANALYZE")
        connection.execute("SET enable_seqscan = off")
        connection.execute("SET enable_sort = off")
        for query in (BALANCES_AT, STATEMENT, LOOKED_AT, TRANSACTIONS):
            rows = connection.execute(b"EXPLAIN " + query.encode(), given).fetchall()
            plan = "\n".join(line for (line,) in rows)
            assert "Seq Scan" not in plan, plan
            assert "transfers_2026_04" not in plan, plan
        assert "outcomes_by_account" in plan
