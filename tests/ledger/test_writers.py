"""Several writers at once: they may get in each other's way, but never into each other's books."""

import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from data_contracts.codec import encode
from data_contracts.decision import Verdict
from data_contracts.outcome import OutcomeStatus
from ledger.arrivals import parse_decision
from ledger.invariants import check
from ledger.postgres import PostgresBooks
from ledger.values import Arrival
from runtime.postgres import connect
from tests.factories import NOON, a_decision, a_transaction
from tests.ledger.arrivals import TOPIC, a_batch, nobody_hears
from tests.ledger.stores import PostgresStore
from tests.ledger.whole_books import read_back

pytestmark = pytest.mark.servers

WRITERS, BATCHES, SIZE = 4, 15, 40
ACCOUNTS = [f"acc-{number}" for number in range(8)]


def arrivals(cell: int, first: int, count: int, dice: random.Random) -> list[Arrival]:
    """Movements of a few accounts that all cells share; every tenth id is one of another cell."""
    return [
        parse_decision(
            encode(
                a_decision(
                    cell=cell,
                    position=position,
                    verdict=dice.choice([*[Verdict.APPROVE] * 4, Verdict.REVIEW]),
                    transaction=a_transaction(
                        transaction_id=f"t-{cell if position % 10 else 'shared'}-{position}",
                        account_id=dice.choice(ACCOUNTS),
                    ),
                )
            ),
            cell,
            NOON,
        )
        for position in range(first, first + count)
    ]


def write(dsn: str, cell: int, batches: Sequence[Sequence[Arrival]]) -> None:
    books = PostgresBooks.at(dsn, f"test-{cell}")
    for batch in batches:
        books.post(a_batch(batch, partition=cell), nobody_hears)
    books.close()


def assert_sound(dsn: str) -> None:
    with connect(dsn, "check") as connection:
        assert [finding for finding in check(connection) if not finding.holds] == []


def test_writers_of_different_cells_share_accounts_and_ids(database: str) -> None:
    dice = random.Random(3)  # noqa: S311  (repeatable)
    with ThreadPoolExecutor(WRITERS) as threads:
        running = [
            threads.submit(
                write,
                database,
                cell,
                [arrivals(cell, number * SIZE, SIZE, dice) for number in range(BATCHES)],
            )
            for cell in range(WRITERS)
        ]
    for writer in running:
        writer.result()

    assert_sound(database)
    whole = read_back(database)
    every = WRITERS * BATCHES * SIZE
    shared = BATCHES * SIZE // 10
    assert whole.totals.decided == every - (WRITERS - 1) * shared
    assert whole.totals.duplicates + whole.totals.conflicts == (WRITERS - 1) * shared
    assert [whole.watermarks[TOPIC, cell].position for cell in range(WRITERS)] == (
        [BATCHES * SIZE - 1] * WRITERS
    )


def test_two_writers_of_one_cell_book_it_once(database: str) -> None:
    dice = random.Random(4)  # noqa: S311  (repeatable)
    batches = [arrivals(0, number * SIZE, SIZE, dice) for number in range(BATCHES)]
    with ThreadPoolExecutor(2) as threads:
        for writer in [threads.submit(write, database, 0, batches) for _ in range(2)]:
            writer.result()

    assert_sound(database)
    assert read_back(database).totals.decided == BATCHES * SIZE
    assert read_back(database).totals.duplicates == 0


def test_bounds_that_change_while_many_write_are_kept_to_the_transfer(database: str) -> None:
    dice = random.Random(5)  # noqa: S311  (repeatable)
    with (
        closing(PostgresBooks.at(database, "test")) as books,
        ThreadPoolExecutor(WRITERS) as threads,
    ):
        store = PostgresStore(books, database)
        store.bound(ACCOUNTS[0])
        running = [
            threads.submit(
                write,
                database,
                cell,
                [arrivals(cell, number * SIZE, SIZE, dice) for number in range(BATCHES)],
            )
            for cell in range(WRITERS)
        ]
        changes = 0
        while changes < len(ACCOUNTS) or not all(writer.done() for writer in running):
            store.bound(dice.choice(ACCOUNTS[2:]), may_go_negative=dice.random() < 0.5)
            changes += 1
        for writer in running:
            writer.result()

    assert_sound(database)
    assert {each.status for each in read_back(database).outcomes.values()} >= {
        OutcomeStatus.POSTED,
        OutcomeStatus.REFUSED,
    }
