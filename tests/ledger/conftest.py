from collections.abc import Iterator

import pytest

from ledger.memory import MemoryBooks
from ledger.postgres import PostgresBooks
from runtime import migrations
from tests.ledger.stores import MemoryStore, PostgresStore, Store
from tests.ledger.whole_books import emptied


@pytest.fixture(scope="module")
def migrated_database(postgres_database: str) -> str:
    """A database of this module's own with the tables of the books."""
    migrations.upgrade(postgres_database, "ledger@head", rooms=["ledger"])
    return postgres_database


@pytest.fixture
def database(migrated_database: str) -> str:
    """The same with nothing in it."""
    emptied(migrated_database)
    return migrated_database


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.servers)])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """Both stores, one after the other: what holds of one must hold of the other."""
    if request.param == "memory":
        yield MemoryStore(MemoryBooks())
    else:
        dsn = request.getfixturevalue("database")
        books = PostgresBooks.at(dsn, "test")
        yield PostgresStore(books, dsn)
        books.close()
