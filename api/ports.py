"""What the API needs from its surroundings, as ports; `memory.py` holds their twins."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

import msgspec

from data_contracts.alert import Alert
from data_contracts.control import ControlKind
from ledger.history import History
from ledger.values import Account, Outcome, Statement

# How long a copy of balances is kept, and how long reading one may take to be kept at all.
BALANCE_SECONDS_MAX = 5.0
LEASE_SECONDS_MAX = 2.0

Clock = Callable[[], datetime]
Trouble = Callable[[], Awaitable[str | None]]


class MemoryAway(RuntimeError):
    """The memory of natural ids does not answer, or is full: go on without it, and say so."""


class CacheAway(RuntimeError):
    """The cache of balances does not answer, or cannot be trusted: read the books."""


class LogAway(RuntimeError):
    """The log did not acknowledge everything; `positions` says what it did."""

    def __init__(self, reason: str, positions: Mapping[bytes, int]) -> None:
        """Keep what was acknowledged by event id."""
        super().__init__(reason)
        self.positions = positions


class BooksAway(RuntimeError):
    """The books do not answer: what they hold cannot be told now."""


class AccountConflict(ValueError):
    """The account already stands in the books in a way that this change would break."""


class Claim(msgspec.Struct, frozen=True, gc=False):
    """A wish to be the one who writes an event to the log; `fingerprint` is of the request."""

    event: bytes
    fingerprint: bytes
    account_id: str


class Known(msgspec.Struct, frozen=True, gc=False):
    """What is remembered of an event; without `is_written` somebody is at it right now.

    `position` is None where the log did not tell it.
    """

    fingerprint: bytes
    account_id: str
    is_written: bool
    position: int | None = None


class Place(NamedTuple):
    """Where a message stands in its cell's log, and the time that Kafka keeps with it."""

    position: int
    logged_at: datetime


class NaturalIds(Protocol):
    """The memory that makes a retry safe; raises `MemoryAway`.

    A claim is a lease: it ends by itself, so that a crash never blocks a retry for long.
    """

    async def claim(self, owner: bytes, claims: Sequence[Claim]) -> Mapping[bytes, Known]:
        """Claim all that nobody holds, in one call; returns what is known of the others."""
        ...

    async def complete(
        self, owner: bytes, claims: Sequence[Claim], positions: Mapping[bytes, int], seconds: int
    ) -> None:
        """Remember as written, for that long, what stands in `positions`; release the rest."""
        ...

    async def known(self, event: bytes) -> Known | None:
        """What is remembered of one event."""
        ...


class Log(Protocol):
    """The one log."""

    async def append(self, cell: int, messages: Mapping[bytes, bytes]) -> Mapping[bytes, int]:
        """Write values by event id, in order; the positions once all are acknowledged.

        Raises `LogAway` otherwise. A position below zero was not told.
        """
        ...


class ControlLog(Log, Protocol):
    """The same log, open for what changes decisions too."""

    async def publish(self, cell: int, kind: ControlKind, value: bytes) -> Place:
        """Write a control record; its place once it is acknowledged, or `LogAway`."""
        ...


class Books(History, Protocol):
    """The ledger, as far as the API reads it; raises `BooksAway`."""

    async def outcome(self, tenant: str, transaction_id: str) -> Outcome | None:
        """What became of a transaction, with the decision on it, once it is booked."""
        ...

    async def balances(self, tenant: str, account_id: str) -> Sequence[Statement]:
        """The balances of an account, that of its own currency first; none: it is unknown."""
        ...

    async def accounts(self, tenant: str, account_ids: Collection[str]) -> Mapping[str, Account]:
        """The registered ones among these accounts, by id."""
        ...

    async def register(self, account: Account, now: datetime) -> bool:
        """Write an account into the registry; False says that it was there and is changed now.

        Raises `AccountConflict` where its currency would change.
        """
        ...


class BalanceCache(Protocol):
    """Copies by key, each for `BALANCE_SECONDS_MAX`; raises `CacheAway`."""

    async def look(self, key: bytes, lease: bytes) -> bytes | None:
        """The copy, or None; then the lease stands, unless somebody else's does."""
        ...

    async def keep(self, key: bytes, lease: bytes, value: bytes) -> None:
        """Keep a copy that was read under a lease, if the lease still stands."""
        ...

    async def end(self, key: bytes) -> None:
        """End the copy and every lease."""
        ...


class Operation(Protocol):
    """What the processes beside the API say of themselves."""

    async def texts(self) -> Mapping[str, str | None]:
        """The metrics of each process in Prometheus' text form; None: it does not answer."""
        ...

    async def log_end(self) -> int:
        """One past the last position of the log, added up over its cells; 0: it is away."""
        ...

    async def scored(self) -> Mapping[int, int]:
        """The last position of each cell that scoring has taken; nothing while it is away."""
        ...


class Alerts(Protocol):
    """The alerts, as far as the API reads them; raises `BooksAway`."""

    async def latest(self, tenant: str, limit: int) -> Sequence[Alert]:
        """The newest alerts, newest first."""
        ...

    async def waiting_letters(self) -> int:
        """How many dead letters nobody has sent again."""
        ...
