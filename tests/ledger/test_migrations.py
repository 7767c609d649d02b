"""The revisions of the books: forward and back with money in them, and the months over a year."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from data_contracts.decision import Verdict
from data_contracts.resolution import ResolutionKind
from ledger.invariants import check
from ledger.postgres import MONTHS_AHEAD, PostgresBooks
from runtime import migrations
from runtime.postgres import connect
from tests.factories import NOON
from tests.ledger.arrivals import a_batch, a_resolution, an_arrival, end, nobody_hears, post

pytestmark = pytest.mark.servers

NEWEST = migrations.newest(["ledger"])[0]
REVISIONS = [f"ledger_{number:04}" for number in range(1, int(NEWEST[-4:]) + 1)]


def booked(dsn: str) -> tuple[int, ...]:
    with psycopg.connect(dsn) as connection:
        row = connection.execute(
            """SELECT (SELECT count(*) FROM ledger.outcomes),
                      (SELECT count(*) FROM ledger.transfers),
                      (SELECT count(*) FROM ledger.resolutions),
                      (SELECT sum(abs(posted)) FROM ledger.balances)::bigint"""
        ).fetchone()
    assert row is not None
    return tuple(row)


def months(dsn: str) -> list[str]:
    with psycopg.connect(dsn) as connection:
        rows = connection.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits "
            "WHERE inhparent = 'ledger.transfers'::regclass ORDER BY 1"
        ).fetchall()
    return [name.removeprefix("ledger.transfers_") for (name,) in rows]


@pytest.mark.parametrize("revision", REVISIONS)
def test_what_is_booked_survives_each_revision_back_and_forth(database: str, revision: str) -> None:
    store = PostgresBooks.at(database, "test")
    post(store, an_arrival(1), an_arrival(2, Verdict.REVIEW), an_arrival(3, Verdict.DECLINE))
    end(store, a_resolution("at-2", ResolutionKind.POST), next_offset=1)
    store.close()
    before = booked(database)

    migrations.downgrade(database, revision, rooms=["ledger"])
    assert migrations.current(database) == (revision,)
    assert booked(database) == before
    migrations.upgrade(database, "ledger@head", rooms=["ledger"])

    assert booked(database) == before
    with connect(database, "check") as connection:
        assert [finding for finding in check(connection) if not finding.holds] == []


def test_the_months_are_made_ahead_over_the_turn_of_a_year(postgres_database: str) -> None:
    migrations.downgrade(postgres_database, "ledger@base", rooms=["ledger"])
    migrations.upgrade(postgres_database, "ledger@head", rooms=["ledger"])
    store = PostgresBooks.at(postgres_database, "test")
    begin = datetime(2026, 11, 22, 12, tzinfo=UTC)
    store.make_months(begin)
    assert months(postgres_database) == ["2026_11", "2026_12", "2027_01", "rest"]

    first = datetime(2027, 1, 1, tzinfo=UTC)
    last = first - timedelta(milliseconds=1)
    for position, at in enumerate((begin, last, first)):
        store.post(a_batch([an_arrival(position)], booked_at=at), nobody_hears)
    store.close()

    assert MONTHS_AHEAD == 2
    assert months(postgres_database) == [
        "2026_11",
        "2026_12",
        "2027_01",
        "2027_02",
        "2027_03",
        "rest",
    ]
    with psycopg.connect(postgres_database) as connection:
        places = connection.execute(
            "SELECT tableoid::regclass::text FROM ledger.transfers ORDER BY position"
        ).fetchall()
    assert [name.removeprefix("ledger.transfers_") for (name,) in places] == [
        "2026_11",
        "2026_12",
        "2027_01",
    ]


def test_the_books_go_on_where_a_month_began_in_the_rest(database: str) -> None:
    """A hold is posted after a long sleep, before anybody has made the months."""
    store = PostgresBooks.at(database, "test")
    post(store, an_arrival(1, Verdict.REVIEW))
    awake = NOON + timedelta(days=120)
    resolution = a_resolution("at-1", ResolutionKind.POST)
    end(store, resolution, next_offset=1, booked_at=awake)

    store.post(a_batch([an_arrival(2)], booked_at=awake), nobody_hears)
    store.post(a_batch([an_arrival(3)], booked_at=awake + timedelta(days=31)), nobody_hears)
    store.close()

    with connect(database, "check") as connection:
        assert [finding for finding in check(connection) if not finding.holds] == []
    assert booked(database)[:2] == (3, 3)
