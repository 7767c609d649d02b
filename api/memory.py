"""The twins of the ports: they keep everything in this process, for tests and trials."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from api.ports import (
    BALANCE_SECONDS_MAX,
    LEASE_SECONDS_MAX,
    AccountConflict,
    BooksAway,
    CacheAway,
    Claim,
    Known,
    LogAway,
    MemoryAway,
    Place,
)
from data_contracts.alert import Alert
from data_contracts.control import ControlKind
from ledger.history import (
    Page,
    PastBalance,
    PastTransaction,
    StatementLine,
    StatementQuery,
    TransactionQuery,
)
from ledger.memory import MemoryBooks as MemoryLedger
from ledger.memory_history import MemoryHistory
from ledger.values import Account, Outcome, Statement

LEASE_SECONDS = 12
LOGGED_AT = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class _Entry:
    known: Known
    owner: bytes
    ends_at: float


@dataclass(slots=True)
class MemoryNaturalIds:
    """Remembers until `seconds` (a clock that only goes forward) says that the time is over."""

    seconds: Callable[[], float]
    is_away: bool = False
    entries: dict[bytes, _Entry] = field(default_factory=dict)

    def _entry(self, event: bytes) -> _Entry | None:
        entry = self.entries.get(event)
        return entry if entry is not None and entry.ends_at > self.seconds() else None

    def _check(self) -> None:
        if self.is_away:
            raise MemoryAway("it was told to be away")

    async def claim(self, owner: bytes, claims: Sequence[Claim]) -> Mapping[bytes, Known]:
        """Claim all that nobody holds; returns what is known of the others."""
        self._check()
        others: dict[bytes, Known] = {}
        for claim in claims:
            entry = self._entry(claim.event)
            if entry is None:
                known = Known(claim.fingerprint, claim.account_id, is_written=False)
                self.entries[claim.event] = _Entry(known, owner, self.seconds() + LEASE_SECONDS)
            elif entry.owner != owner or entry.known.is_written:
                others[claim.event] = entry.known
        return others

    async def complete(
        self, owner: bytes, claims: Sequence[Claim], positions: Mapping[bytes, int], seconds: int
    ) -> None:
        """Remember as written what stands in `positions`; release the rest."""
        self._check()
        for claim in claims:
            entry = self._entry(claim.event)
            if entry is not None and (entry.owner != owner or entry.known.is_written):
                continue
            self.entries.pop(claim.event, None)
            if claim.event in positions:
                position = positions[claim.event]
                told = position if position >= 0 else None
                known = Known(claim.fingerprint, claim.account_id, is_written=True, position=told)
                self.entries[claim.event] = _Entry(known, owner, self.seconds() + seconds)

    async def known(self, event: bytes) -> Known | None:
        """What is remembered of one event."""
        self._check()
        entry = self._entry(event)
        return None if entry is None else entry.known


@dataclass(slots=True)
class MemoryLog:
    """A list per cell; `failing_after` messages it stops to acknowledge."""

    cells: dict[int, list[tuple[bytes, bytes]]] = field(default_factory=dict)
    failing_after: int | None = None

    async def append(self, cell: int, messages: Mapping[bytes, bytes]) -> Mapping[bytes, int]:
        """Write values by event id, in order."""
        written = self.cells.setdefault(cell, [])
        positions: dict[bytes, int] = {}
        for event, value in messages.items():
            if self.failing_after is not None and len(written) >= self.failing_after:
                raise LogAway("it was told to fail", positions)
            positions[event] = len(written)
            written.append((event, value))
        return positions

    async def publish(self, cell: int, kind: ControlKind, value: bytes) -> Place:
        """Write a control record, under its kind."""
        written = self.cells.setdefault(cell, [])
        if self.failing_after is not None and len(written) >= self.failing_after:
            raise LogAway("it was told to fail", {})
        written.append((kind.encode(), value))
        return Place(len(written) - 1, LOGGED_AT)


@dataclass(slots=True)
class MemoryBooks:
    """Dictionaries by tenant and id; the past of accounts is that of `ledger`."""

    outcomes: dict[tuple[str, str], Outcome] = field(default_factory=dict)
    statements: dict[tuple[str, str], tuple[Statement, ...]] = field(default_factory=dict)
    registry: dict[tuple[str, str], Account] = field(default_factory=dict)
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    is_away: bool = False

    def _check(self) -> None:
        if self.is_away:
            raise BooksAway("they were told to be away")

    async def outcome(self, tenant: str, transaction_id: str) -> Outcome | None:
        """What became of a transaction, once it is booked."""
        self._check()
        return self.outcomes.get((tenant, transaction_id))

    async def balances(self, tenant: str, account_id: str) -> Sequence[Statement]:
        """The balances of an account that the books know."""
        self._check()
        return self.statements.get((tenant, account_id), ())

    async def accounts(self, tenant: str, account_ids: Collection[str]) -> Mapping[str, Account]:
        """The registered ones among these accounts, by id."""
        self._check()
        found = {account_id: self.registry.get((tenant, account_id)) for account_id in account_ids}
        return {account_id: account for account_id, account in found.items() if account}

    async def register(self, account: Account, now: datetime) -> bool:  # noqa: ARG002  (the registry of the twin has no times)
        """Write an account into the registry; its currency stays."""
        self._check()
        key = (account.tenant, account.account_id)
        before = self.registry.get(key)
        if before is not None and before.currency != account.currency:
            raise AccountConflict("the currency of an account never changes")
        self.registry[key] = account
        return before is None

    async def balances_at(
        self, tenant: str, account_id: str, at: datetime
    ) -> Sequence[PastBalance]:
        """What an account held at an instant."""
        self._check()
        return await MemoryHistory(self.ledger).balances_at(tenant, account_id, at)

    async def statement(self, query: StatementQuery) -> Page[StatementLine]:
        """The transfers of an account, the latest first."""
        self._check()
        return await MemoryHistory(self.ledger).statement(query)

    async def transactions(self, query: TransactionQuery) -> Page[PastTransaction]:
        """The transactions of an account, the latest first."""
        self._check()
        return await MemoryHistory(self.ledger).transactions(query)


@dataclass(slots=True)
class MemoryBalances:
    """Leases and copies, with the times at which they end by the clock `seconds`."""

    seconds: Callable[[], float]
    is_away: bool = False
    leases: dict[bytes, tuple[bytes, float]] = field(default_factory=dict)
    copies: dict[bytes, tuple[bytes, float]] = field(default_factory=dict)

    def _check(self) -> None:
        if self.is_away:
            raise CacheAway("it was told to be away")

    def _standing(self, kept: Mapping[bytes, tuple[bytes, float]], key: bytes) -> bytes | None:
        value, ends_at = kept.get(key, (None, 0.0))
        return value if ends_at > self.seconds() else None

    async def look(self, key: bytes, lease: bytes) -> bytes | None:
        """The copy, or None; then the lease stands, unless somebody else's does."""
        self._check()
        copy = self._standing(self.copies, key)
        if copy is None and self._standing(self.leases, key) is None:
            self.leases[key] = lease, self.seconds() + LEASE_SECONDS_MAX
        return copy

    async def keep(self, key: bytes, lease: bytes, value: bytes) -> None:
        """Keep a copy that was read under a lease, if the lease still stands."""
        self._check()
        if self._standing(self.leases, key) == lease:
            del self.leases[key]
            self.copies[key] = value, self.seconds() + BALANCE_SECONDS_MAX

    async def end(self, key: bytes) -> None:
        """End the copy and every lease."""
        self._check()
        self.leases.pop(key, None)
        self.copies.pop(key, None)


@dataclass(slots=True)
class MemoryOperation:
    """Says of the processes what it was told."""

    told: Mapping[str, str | None] = field(default_factory=dict)
    end: int = 0
    taken: Mapping[int, int] = field(default_factory=lambda: {0: 1 << 53})

    async def texts(self) -> Mapping[str, str | None]:
        """The metrics of each process."""
        return self.told

    async def log_end(self) -> int:
        """One past the last position."""
        return self.end

    async def scored(self) -> Mapping[int, int]:
        """The last position that scoring has taken."""
        return self.taken


@dataclass(slots=True)
class MemoryAlerts:
    """The alerts that were put in, each with its tenant.

    So many dead letters wait; None says that they cannot be counted.
    """

    filed: list[Alert] = field(default_factory=list)
    letters: int | None = 0

    async def latest(self, tenant: str, limit: int) -> Sequence[Alert]:
        """The newest alerts, newest first."""
        own = [alert for alert in self.filed if alert.tenant == tenant]
        return sorted(own, key=lambda alert: alert.raised_at, reverse=True)[:limit]

    async def waiting_letters(self) -> int:
        """How many dead letters wait."""
        if self.letters is None:
            raise BooksAway("they were told to be away")
        return self.letters
