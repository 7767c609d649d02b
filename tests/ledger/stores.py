"""One of the two stores of the books, and a look into it."""

from dataclasses import dataclass
from typing import Protocol

import msgspec
import psycopg
from psycopg.rows import dict_row

from ledger import reading
from ledger.memory import MemoryBooks
from ledger.ports import Books
from ledger.postgres import PostgresBooks
from ledger.values import Account
from tests.factories import NOON, TENANT
from tests.ledger.whole_books import in_order, read_back


class Store(Protocol):
    """What the contract needs beside the books themselves."""

    @property
    def books(self) -> Books: ...

    def bound(self, account_id: str, *, may_go_negative: bool = False) -> None:
        """Register an account that may not go below nought, or may again."""
        ...

    def whole(self) -> MemoryBooks:
        """All that is in it."""
        ...


def registered(account_id: str, *, may_go_negative: bool) -> Account:
    return Account(
        tenant=TENANT, account_id=account_id, currency="EUR", may_go_negative=may_go_negative
    )


@dataclass
class MemoryStore:
    books: MemoryBooks

    def bound(self, account_id: str, *, may_go_negative: bool = False) -> None:
        self.books.register(registered(account_id, may_go_negative=may_go_negative))

    def whole(self) -> MemoryBooks:
        return in_order(self.books)


@dataclass
class PostgresStore:
    books: PostgresBooks
    dsn: str

    def bound(self, account_id: str, *, may_go_negative: bool = False) -> None:
        account = registered(account_id, may_go_negative=may_go_negative)
        given = {**msgspec.structs.asdict(account), "opened_at": NOON}
        with psycopg.connect(self.dsn, autocommit=True, row_factory=dict_row) as connection:
            row = connection.execute(reading.REGISTER, given).fetchone()
            assert row is not None
            connection.execute(reading.FIRST_BALANCE, {**given, **row})

    def whole(self) -> MemoryBooks:
        return read_back(self.dsn)
