"""What may be asked of the past of an account, and what is told: newest first, page by page.

A page ends with the number below which the next one begins: versions of a balance, or positions
of the log. Both only grow, so what is booked between two pages never shifts them.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Generic, Protocol, TypeVar

import msgspec

from data_contracts.outcome import OutcomeStatus
from data_contracts.resolution import ResolutionKind
from data_contracts.transaction import TransactionType
from ledger.chart import is_own
from ledger.values import AccountKind, Outcome

# How many transactions of an account one page looks at: a filter that fits few costs no more.
LOOKED_AT_MAX = 5_000
CUSTOMER_ACCOUNT = "customer account"

Item = TypeVar("Item")


class Page(msgspec.Struct, Generic[Item], frozen=True):
    """Some of what was asked for; `next_below` is where the next page begins, None at the end."""

    items: Sequence[Item]
    next_below: int | None


class PastBalance(msgspec.Struct, frozen=True, kw_only=True):
    """What an account held in one currency, and how many transfers had made it."""

    currency: str
    posted: int
    version: int


class StatementQuery(msgspec.Struct, frozen=True, kw_only=True):
    """The transfers of one balance that were booked from `since` on and before `until`."""

    tenant: str
    account_id: str
    currency: str
    since: datetime | None = None
    until: datetime | None = None
    below: int | None = None
    limit: int


class StatementLine(msgspec.Struct, frozen=True, kw_only=True):
    """One transfer as an account sees it; `moved` is negative where money left."""

    transfer_id: str
    event_id: bytes
    transaction_id: str
    type: TransactionType
    counter_account: str
    counter_kind: AccountKind
    moved: int
    currency: str
    after: int
    version: int
    occurred_at: datetime
    booked_at: datetime


class TransactionQuery(msgspec.Struct, frozen=True, kw_only=True):
    """The transactions of an account; times are those at which they occurred."""

    tenant: str
    account_id: str
    status: OutcomeStatus | None = None
    type: TransactionType | None = None
    amount_min: int | None = None
    amount_max: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    below: int | None = None
    limit: int

    @property
    def is_selective(self) -> bool:
        """Whether some of the account's transactions may not fit."""
        asked = (self.status, self.type, self.amount_min, self.amount_max, self.since, self.until)
        return any(each is not None for each in asked)


class PastTransaction(msgspec.Struct, frozen=True, kw_only=True):
    """An outcome, and how its hold ended, where it was held and that has ended."""

    outcome: Outcome
    hold_ended: ResolutionKind | None = None


class History(Protocol):
    """The past of accounts; `async_history.py` and `memory_history.py` are the two that tell it."""

    async def balances_at(
        self, tenant: str, account_id: str, at: datetime
    ) -> Sequence[PastBalance]:
        """What an account held after the last transfer booked at an instant or before.

        The currency of the account comes first; nothing: the account is unknown.
        """
        ...

    async def statement(self, query: StatementQuery) -> Page[StatementLine]:
        """The transfers of an account, the latest first, each with what it left."""
        ...

    async def transactions(self, query: TransactionQuery) -> Page[PastTransaction]:
        """The transactions of an account, the latest in the log first.

        A selective query looks at `LOOKED_AT_MAX` of them for a page, which may then be short.
        """
        ...


def transfer_id(cell: int, position: int, leg: int) -> str:
    """The name of a transfer: the decision that moved the money, and which of its legs it is."""
    return f"{cell}-{position}-{leg}"


def in_words(counter_account: str) -> str:
    """The other side of a transfer; of another customer it says only that it is one."""
    return counter_account if is_own(counter_account) else CUSTOMER_ACCOUNT


def cut(items: Sequence[Item], numbers: Sequence[int], limit: int, rest: int | None) -> Page[Item]:
    """A page out of one item more than its limit; `rest`: where to go on although it is short."""
    if len(items) > limit:
        return Page(items[:limit], numbers[limit - 1])
    return Page(items, rest)
