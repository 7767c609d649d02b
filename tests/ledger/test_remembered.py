"""What a writer remembers saves time, and never changes what is booked."""

import pytest

from data_contracts.decision import Verdict
from data_contracts.resolution import ResolutionKind
from ledger import remembered
from ledger.invariants import check
from ledger.postgres import PostgresBooks
from ledger.remembered import Kept, Remembered
from ledger.values import Balance, BookKey
from runtime.postgres import connect
from tests.factories import TENANT
from tests.ledger.arrivals import TOPIC, a_batch, a_resolution, an_arrival, end, nobody_hears, post
from tests.ledger.stores import PostgresStore, Store
from tests.ledger.whole_books import read_back

KEY, OTHER = BookKey(TENANT, "acc-1", "EUR"), BookKey(TENANT, "acc-2", "EUR")


def kept(posted: int) -> Kept:
    return Kept(1, Balance(posted, 0, 1))


def test_what_was_kept_is_recalled_until_it_is_forgotten() -> None:
    memory = Remembered()
    memory.begin(0)
    memory.keep(0, {KEY: kept(5), OTHER: kept(7)})
    memory.forget([OTHER])

    assert memory.recall([KEY, OTHER]) == {KEY: kept(5)}


def test_a_changed_bound_makes_all_forgotten_and_keeps_late_memories_out() -> None:
    memory = Remembered()
    memory.begin(3)
    memory.keep(3, {KEY: kept(5)})
    memory.begin(4)
    assert memory.recall([KEY]) == {}

    memory.keep(3, {KEY: kept(5)})
    memory.begin(3)
    assert memory.recall([KEY]) == {}


def test_it_holds_no_more_than_the_balances_that_were_used_last() -> None:
    memory, half = Remembered(), remembered.BALANCES_MAX // 2
    memory.begin(0)
    for first in range(0, 4 * half, half // 2):
        names = (BookKey(TENANT, f"acc-{first + n}", "EUR") for n in range(half // 2))
        memory.keep(0, dict.fromkeys(names, kept(1)))

    assert len(memory.recent) + len(memory.former) <= remembered.BALANCES_MAX + half // 2
    assert memory.recall([BookKey(TENANT, f"acc-{4 * half - 1}", "EUR")])
    assert not memory.recall([BookKey(TENANT, "acc-0", "EUR")])


def test_a_new_bound_counts_from_the_next_batch_on(store: Store) -> None:
    post(store.books, an_arrival(1, amount_minor=5))
    store.bound("acc-1")
    post(store.books, an_arrival(2, amount_minor=5))

    whole = store.whole()
    assert [whole.totals.posted, whole.totals.refused] == [1, 1]


@pytest.mark.servers
def test_a_writer_whose_memory_is_stale_does_its_batch_again(database: str) -> None:
    first, second = (PostgresBooks.at(database, name) for name in ("first", "second"))
    for position in range(6):
        writer = (first, second)[position % 2]
        batch = a_batch([an_arrival(position, amount_minor=10)], partition=0, topic=TOPIC)
        writer.post(batch, nobody_hears)
    second.post(a_batch([an_arrival(6, Verdict.REVIEW, amount_minor=10)]), nobody_hears)
    end(first, a_resolution("at-6", ResolutionKind.RELEASE), next_offset=1)
    second.post(a_batch([an_arrival(7, amount_minor=10)]), nobody_hears)
    for writer in (first, second):
        writer.close()

    assert read_back(database).balances[KEY] == Balance(-70, 0, 7)
    with connect(database, "check") as connection:
        assert [finding for finding in check(connection) if not finding.holds] == []


@pytest.mark.servers
def test_nothing_is_remembered_of_a_batch_that_was_not_committed(database: str) -> None:
    memory = Remembered()
    books = PostgresBooks.at(database, "test", memory)
    store = PostgresStore(books, database)
    # A copy has it look up what is booked from now on, before anything else.
    post(books, an_arrival(1, transaction_id="one", amount_minor=10))
    copy = an_arrival(2, transaction_id="one", amount_minor=10)
    post(books, copy, an_arrival(3, amount_minor=5))

    def deaf(_conflicts: object) -> None:
        raise ConnectionError

    conflict = an_arrival(5, transaction_id="one", amount_minor=11)
    with pytest.raises(ConnectionError):
        post(books, an_arrival(4, amount_minor=10), conflict, hear=deaf)
    assert memory.recall([KEY])[KEY].balance == store.whole().balances[KEY] == Balance(-15, 0, 2)
    books.close()
