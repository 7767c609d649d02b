"""All that Postgres holds, as the twin in memory would hold it, so that the two can be compared."""

from typing import Any

import msgspec
import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from data_contracts.resolution import Resolution
from data_contracts.transaction import Transaction, TransactionType
from ledger.memory import MemoryBooks
from ledger.reading import as_outcome, as_watermarks
from ledger.values import (
    Account,
    Balance,
    BookKey,
    Conflict,
    Correction,
    CorrectionEffect,
    Hold,
    Movement,
    Resolved,
    Transfer,
    TransferKind,
)

Row = dict[str, Any]

TABLES = (
    "accounts",
    "bounds_history",
    "balances",
    "transfers",
    "holds",
    "resolutions",
    "outcomes",
    "corrections",
    "conflicts",
    "watermarks",
    "totals",
)


def emptied(dsn: str) -> None:
    """Empty the books, which only who switches the triggers off can do."""
    tables = sql.SQL(", ").join(sql.Identifier("ledger", table) for table in TABLES)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(sql.SQL("TRUNCATE {} RESTART IDENTITY").format(tables))
        connection.execute("UPDATE ledger.expiry SET done_before = '-infinity'")


def read_back(dsn: str) -> MemoryBooks:
    with psycopg.connect(dsn, row_factory=dict_row) as connection:
        connection.execute("SET TIME ZONE 'UTC'")
        return _Reader(connection).books()


def in_order(books: MemoryBooks) -> MemoryBooks:
    """The same books with their lists in order of position."""
    books.transfers.sort(key=lambda transfer: (transfer.movement.cell, transfer.movement.position))
    books.conflicts.sort(key=lambda conflict: (conflict.cell, conflict.position))
    return books


class _Reader:
    def __init__(self, connection: psycopg.Connection[Row]) -> None:
        self.connection = connection
        self.accounts = {row["account_key"]: row for row in self.rows("accounts")}

    def rows(self, table: str) -> list[Row]:
        query = sql.SQL("SELECT * FROM ledger.{}").format(sql.Identifier(table))
        return self.connection.execute(query).fetchall()

    def books(self) -> MemoryBooks:
        holds = {row["event_id"].bytes: self.hold(row) for row in self.rows("holds")}
        books = MemoryBooks(
            accounts={
                (row["tenant"], row["account_id"]): _account(row) for row in self.accounts.values()
            },
            balances={
                self.key(row, "account_key"): Balance(row["posted"], row["held"], row["version"])
                for row in self.rows("balances")
            },
            outcomes={row["event_id"].bytes: as_outcome(row) for row in self.rows("outcomes")},
            transfers=[self.transfer(row) for row in self.rows("transfers")],
            holds=holds,
            resolved={
                row["event_id"].bytes: _resolved(row, holds[row["event_id"].bytes])
                for row in self.rows("resolutions")
            },
            corrections={
                row["event_id"].bytes: _correction(row) for row in self.rows("corrections")
            },
            conflicts=[_conflict(row) for row in self.rows("conflicts")],
            watermarks=dict(as_watermarks(self.rows("watermarks"))),
        )
        for row in self.rows("totals"):
            books.counts[row["name"]] += row["count"]
        return in_order(books)

    def key(self, row: Row, side: str) -> BookKey:
        account = self.accounts[row[side]]
        return BookKey(account["tenant"], account["account_id"], row["currency"])

    def movement(self, row: Row) -> Movement:
        return Movement(
            event_id=row["event_id"].bytes,
            cell=row["cell"],
            position=row["position"],
            debit=self.key(row, "debit_account"),
            credit=self.key(row, "credit_account"),
            amount_minor=row["amount_minor"],
            occurred_at=row["occurred_at"],
        )

    def hold(self, row: Row) -> Hold:
        return Hold(movement=self.movement(row), booked_at=row["booked_at"])

    def transfer(self, row: Row) -> Transfer:
        return Transfer(
            movement=self.movement(row),
            leg=row["leg"],
            kind=TransferKind(row["kind"]),
            debit_after=row["debit_after"],
            debit_version=row["debit_version"],
            credit_after=row["credit_after"],
            credit_version=row["credit_version"],
            booked_at=row["booked_at"],
        )


def _account(row: Row) -> Account:
    return msgspec.convert({name: row[name] for name in Account.__struct_fields__}, Account)


def _resolved(row: Row, hold: Hold) -> Resolved:
    fields = {
        **row,
        "event_id": str(row["event_id"]),
        "resolution_id": str(row["resolution_id"]),
        "tenant": hold.movement.debit.tenant,
    }
    return Resolved(
        hold=hold,
        resolution=msgspec.convert(fields, Resolution),
        booked_at=row["booked_at"],
    )


def _correction(row: Row) -> Correction:
    return Correction(
        event_id=row["event_id"].bytes,
        original=row["original_event_id"].bytes,
        type=TransactionType(row["type"]),
        effect=CorrectionEffect(row["effect"]),
        amount_minor=row["amount_minor"],
        booked_at=row["booked_at"],
    )


def _conflict(row: Row) -> Conflict:
    return Conflict(
        event_id=row["event_id"].bytes,
        cell=row["cell"],
        position=row["position"],
        booked_hash=row["booked_hash"],
        refused_hash=row["refused_hash"],
        refused=msgspec.convert(row["refused_transaction"], Transaction),
        found_at=row["found_at"],
    )
