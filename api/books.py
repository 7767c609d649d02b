"""The books in Postgres, as the ledger reads them; away is a word, not a stack trace."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from api.ports import AccountConflict, BooksAway
from ledger.async_history import AsyncHistory
from ledger.history import (
    Page,
    PastBalance,
    PastTransaction,
    StatementLine,
    StatementQuery,
    TransactionQuery,
)
from ledger.reading import AccountMismatch, AsyncReader
from ledger.values import Account, Outcome, Statement
from runtime.postgres import AsyncPool, Unreachable


@dataclass(frozen=True, slots=True)
class PostgresBooks:
    """Reads through a pool that its owner opens and closes."""

    pool: AsyncPool
    reader: AsyncReader
    history: AsyncHistory

    async def outcome(self, tenant: str, transaction_id: str) -> Outcome | None:
        """What became of a transaction, once it is booked."""
        async with at_hand():
            return await self.reader.outcome(tenant, transaction_id)

    async def balances(self, tenant: str, account_id: str) -> Sequence[Statement]:
        """The balances of an account; none: it is unknown."""
        async with at_hand():
            return await self.reader.balances(tenant, account_id)

    async def accounts(self, tenant: str, account_ids: Collection[str]) -> Mapping[str, Account]:
        """The registered ones among these accounts, by id."""
        async with at_hand():
            return await self.reader.accounts(tenant, account_ids)

    async def register(self, account: Account, now: datetime) -> bool:
        """Write an account into the registry; its currency stays."""
        async with at_hand():
            try:
                return await self.reader.register(account, now)
            except AccountMismatch as mismatch:
                raise AccountConflict(str(mismatch)) from None

    async def balances_at(
        self, tenant: str, account_id: str, at: datetime
    ) -> Sequence[PastBalance]:
        """What an account held at an instant; none: it is unknown."""
        async with at_hand():
            return await self.history.balances_at(tenant, account_id, at)

    async def statement(self, query: StatementQuery) -> Page[StatementLine]:
        """The transfers of an account, the latest first."""
        async with at_hand():
            return await self.history.statement(query)

    async def transactions(self, query: TransactionQuery) -> Page[PastTransaction]:
        """The transactions of an account, the latest first."""
        async with at_hand():
            return await self.history.transactions(query)

    async def trouble(self) -> str | None:
        """None, or why Postgres does not answer."""
        try:
            async with self.pool.connection() as connection:
                await connection.execute("SELECT 1")
        except Unreachable as error:
            return type(error).__name__
        return None


@asynccontextmanager
async def at_hand() -> AsyncIterator[None]:
    """Say `BooksAway` where Postgres does not answer."""
    try:
        yield
    except Unreachable as error:
        raise BooksAway(type(error).__name__) from error
