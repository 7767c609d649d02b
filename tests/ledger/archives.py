"""A store of the books together with its past, for the tests of reading."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from ledger.async_history import AsyncHistory
from ledger.history import (
    History,
    Page,
    PastBalance,
    PastTransaction,
    StatementLine,
    StatementQuery,
    TransactionQuery,
)
from ledger.memory_history import MemoryHistory
from ledger.values import Arrival
from runtime.postgres import async_pool
from tests.factories import TENANT, minute
from tests.ledger.arrivals import a_batch, nobody_hears
from tests.ledger.stores import MemoryStore, PostgresStore, Store

Answer = TypeVar("Answer")
Question = Callable[[History], Awaitable[Answer]]


@dataclass(frozen=True)
class Archive:
    """A store, and its past; a page looks at `looked_at_max` transactions at most."""

    store: Store
    looked_at_max: int = 5_000

    def book(self, *arrivals: Arrival, minutes: float = 0) -> None:
        batch = a_batch(arrivals, booked_at=minute(minutes))
        self.store.books.post(batch, nobody_hears)

    def ask(self, question: Question[Answer]) -> Answer:
        async def asked() -> Answer:
            if isinstance(self.store, PostgresStore):
                async with async_pool(self.store.dsn, "test", size=2) as pool:
                    return await question(AsyncHistory(pool, self.looked_at_max))
            assert isinstance(self.store, MemoryStore)
            return await question(MemoryHistory(self.store.books, self.looked_at_max))

        return asyncio.run(asked())

    def statement(self, **changes: Any) -> Page[StatementLine]:  # noqa: ANN401  (any field)
        return self.ask(lambda history: history.statement(a_query(**changes)))

    def balance(self, at: datetime) -> PastBalance:
        """Of an account that has only one."""
        (found,) = self.ask(lambda history: history.balances_at(TENANT, "acc-1", at))
        return found

    def transactions(self, **changes: Any) -> Page[PastTransaction]:  # noqa: ANN401  (any field)
        fields: dict[str, Any] = {"tenant": TENANT, "account_id": "acc-1", "limit": 100} | changes
        return self.ask(lambda history: history.transactions(TransactionQuery(**fields)))

    def ids(self, **changes: Any) -> list[str]:  # noqa: ANN401  (any field)
        return [each.outcome.transaction_id for each in self.transactions(**changes).items]


def a_query(**changes: Any) -> StatementQuery:  # noqa: ANN401  (fields of any type)
    fields: dict[str, Any] = {
        "tenant": TENANT,
        "account_id": "acc-1",
        "currency": "EUR",
        "limit": 100,
    } | changes
    return StatementQuery(**fields)
