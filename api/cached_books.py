"""The books with their balances of now kept for a moment, and never older than what was shown.

A balance that is not kept is read under a lease, and kept only if the lease still stands. Every
answer that shows what is booked ends lease and copy of its account before it is given. So what is
kept afterwards was read afterwards, and holds at least what the answer showed. Posting does the
same after each batch, which keeps copies young; for the promise it does not matter.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from secrets import token_bytes

import msgspec

from api.metrics import Metrics
from api.ports import BALANCE_SECONDS_MAX, LEASE_SECONDS_MAX, BalanceCache, Books, CacheAway
from ledger.cached import balance_key
from ledger.history import (
    Page,
    PastBalance,
    PastTransaction,
    StatementLine,
    StatementQuery,
    TransactionQuery,
)
from ledger.values import Account, Outcome, Statement

# As long as a copy can live that we could not end: a lease, what is kept under it, and some.
BLIND_SECONDS = LEASE_SECONDS_MAX + BALANCE_SECONDS_MAX + 1.0
LEASE_BYTES = 8

_encode = msgspec.msgpack.encode
_decode = msgspec.msgpack.Decoder(tuple[Statement, ...]).decode


@dataclass(slots=True)
class CachedBooks:
    """Reads balances through the cache; all else goes to the books, which are always right."""

    books: Books
    cache: BalanceCache
    metrics: Metrics
    seconds: Callable[[], float]
    blind_until: float = float("-inf")

    async def balances(self, tenant: str, account_id: str) -> Sequence[Statement]:
        """The balances of an account, perhaps of a moment ago."""
        key, lease = balance_key(tenant, account_id), token_bytes(LEASE_BYTES)
        try:
            kept = await self._look(key, lease)
        except CacheAway:
            self._count("away")
            return await self.books.balances(tenant, account_id)
        if kept is not None:
            self._count("cache")
            return _decode(kept)
        self._count("books")
        found = await self.books.balances(tenant, account_id)
        await self._keep(key, lease, found)
        return found

    async def _look(self, key: bytes, lease: bytes) -> bytes | None:
        if self.seconds() < self.blind_until:
            raise CacheAway("it may hold what we could not end")
        return await self.cache.look(key, lease)

    async def _keep(self, key: bytes, lease: bytes, found: Sequence[Statement]) -> None:
        if not found:
            return
        try:
            await self.cache.keep(key, lease, _encode(found))
        except CacheAway:
            self._count("away")

    async def _end(self, tenant: str, account_id: str) -> None:
        try:
            await self.cache.end(balance_key(tenant, account_id))
        except CacheAway:
            self.blind_until = self.seconds() + BLIND_SECONDS

    def _count(self, source: str) -> None:
        self.metrics.balance_reads.labels(source).inc()

    async def outcome(self, tenant: str, transaction_id: str) -> Outcome | None:
        """What became of a transaction; balances that are read later know of it."""
        found = await self.books.outcome(tenant, transaction_id)
        if found is not None:
            await self._end(tenant, found.account_id)
        return found

    async def balances_at(
        self, tenant: str, account_id: str, at: datetime
    ) -> Sequence[PastBalance]:
        """What an account held at an instant."""
        found = await self.books.balances_at(tenant, account_id, at)
        await self._end(tenant, account_id)
        return found

    async def statement(self, query: StatementQuery) -> Page[StatementLine]:
        """The transfers of an account, the latest first."""
        found = await self.books.statement(query)
        await self._end(query.tenant, query.account_id)
        return found

    async def transactions(self, query: TransactionQuery) -> Page[PastTransaction]:
        """The transactions of an account, the latest first."""
        found = await self.books.transactions(query)
        await self._end(query.tenant, query.account_id)
        return found

    async def accounts(self, tenant: str, account_ids: Collection[str]) -> Mapping[str, Account]:
        """Whose accounts are is never kept: who may see them is asked each time."""
        return await self.books.accounts(tenant, account_ids)

    async def register(self, account: Account, now: datetime) -> bool:
        """Write an account into the registry, which may give it its first balance."""
        is_new = await self.books.register(account, now)
        await self._end(account.tenant, account.account_id)
        return is_new
