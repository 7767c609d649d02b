"""What a chain must do, wherever it is kept: the same for Postgres and for its twin in memory."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

import psycopg
import pytest
from psycopg import sql

from runtime import migrations
from runtime.audit.chain import Link, Note, Record, faults
from runtime.audit.memory import MemoryStore
from runtime.audit.ports import LAST, NOTES_MAX, Chain
from runtime.audit.store import Store
from runtime.postgres import Connection, connect
from tests.factories import NOON, minute

if TYPE_CHECKING:
    from tests.conftest import Databases

KEY = b"k" * 32
WRITE = """
INSERT INTO {}.audit_notes (kind, actor, noted_at, body)
SELECT %s, %s, %s, body FROM unnest(%s::text[]) AS bodies (body)
"""


class Kept(Protocol):
    """A chain, and how notes get to wait for it."""

    @property
    def chain(self) -> Chain: ...

    def note(self, *bodies: str, source: str = "ledger", at: datetime = NOON) -> None: ...

    def read(self, first: int = 1, last: int = LAST) -> list[Record]: ...


@dataclass
class InMemory:
    chain: MemoryStore

    def note(self, *bodies: str, source: str = "ledger", at: datetime = NOON) -> None:
        for body in bodies:
            self.chain.note(Note(source=source, kind="k", actor="a", noted_at=at, body=body))

    def read(self, first: int = 1, last: int = LAST) -> list[Record]:
        return list(self.chain.records(first, last))


@dataclass
class InPostgres:
    connection: Connection

    @property
    def chain(self) -> Store:
        return Store(self.connection)

    def note(self, *bodies: str, source: str = "ledger", at: datetime = NOON) -> None:
        query = sql.SQL(WRITE).format(sql.Identifier(source))
        self.connection.execute(query, ["k", "a", at, list(bodies)])

    def read(self, first: int = 1, last: int = LAST) -> list[Record]:
        with self.connection.transaction():
            return list(self.chain.records(first, last))


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.servers)])
def kept(request: pytest.FixtureRequest) -> Iterator[Kept]:
    if request.param == "memory":
        yield InMemory(MemoryStore())
        return
    databases: Databases = request.getfixturevalue("databases")
    with databases.fresh() as dsn:
        migrations.upgrade(dsn)
        with connect(dsn, "test") as connection:
            yield InPostgres(connection)


def seal(kept: Kept) -> list[str]:
    return [record.note.body for record in kept.chain.seal(KEY, lambda: minute(9))]


def test_a_chain_begins_empty(kept: Kept) -> None:
    assert kept.chain.end() == Link()
    assert kept.chain.unsealed() == 0
    assert seal(kept) == []
    assert kept.read() == []


def test_notes_of_all_rooms_are_sealed_in_order_of_time_and_wait_no_more(kept: Kept) -> None:
    kept.note("third", at=minute(3))
    kept.note("first", "second", source="casework", at=minute(1))
    assert kept.chain.unsealed() == 3
    assert seal(kept) == ["first", "second", "third"]
    assert kept.chain.unsealed() == 0
    assert [record.note.source for record in kept.read()] == ["casework", "casework", "ledger"]


def test_what_is_read_back_is_what_was_sealed_and_holds_together(kept: Kept) -> None:
    kept.note('ä \\ "quoted"\n', "{}", at=NOON + timedelta(microseconds=7))
    sealed = list(kept.chain.seal(KEY, lambda: minute(9)))
    kept.note("later")
    sealed += kept.chain.seal(KEY, lambda: minute(10))
    assert kept.read() == sealed
    assert list(faults(kept.read(), KEY, until=3)) == []
    assert kept.chain.end() == Link(3, sealed[-1].hash)


def test_a_part_is_read_and_where_it_begins_is_known(kept: Kept) -> None:
    kept.note("1", "2", "3", "4")
    seal(kept)
    assert [record.seq for record in kept.read(2, 3)] == [2, 3]
    assert list(faults(kept.read(2, 3), KEY, kept.chain.link(1), until=3)) == []
    assert kept.chain.link(0) == Link()
    assert kept.chain.link(9) == Link(9)


def test_more_than_a_batch_is_sealed_in_batches_the_oldest_first(kept: Kept) -> None:
    kept.note(*(str(number) for number in range(NOTES_MAX + 1)))
    assert seal(kept) == [str(number) for number in range(NOTES_MAX)]
    assert kept.chain.unsealed() == 1
    assert seal(kept) == [str(NOTES_MAX)]
    assert kept.chain.end().count == NOTES_MAX + 1


def test_what_fails_while_it_seals_leaves_all_waiting(kept: Kept) -> None:
    def broken() -> datetime:
        raise psycopg.OperationalError("the clock is gone")

    kept.note("1")
    with pytest.raises(psycopg.OperationalError):
        kept.chain.seal(KEY, broken)
    assert kept.chain.unsealed() == 1
    assert seal(kept) == ["1"]
