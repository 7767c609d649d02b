"""The values of the books: what is asked of them, what they hold, and what a batch changes."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

import msgspec

from data_contracts.decision import ListHit, RuleHit, Verdict
from data_contracts.outcome import OutcomeStatus
from data_contracts.resolution import Resolution, ResolutionKind
from data_contracts.transaction import Direction, Transaction, TransactionType

BEFORE_ALL = -1


class AccountKind(StrEnum):
    """On which side of the bank's balance sheet an account stands."""

    ASSET = "asset"
    LIABILITY = "liability"
    EQUITY = "equity"
    INCOME = "income"
    EXPENSE = "expense"


class RefusalReason(StrEnum):
    """Why the books would not take an approved transaction."""

    INSUFFICIENT_FUNDS = "insufficient_funds"
    BALANCE_OUT_OF_RANGE = "balance_out_of_range"
    ORIGINAL_UNKNOWN = "original_unknown"
    ORIGINAL_NOT_POSTED = "original_not_posted"
    ORIGINAL_DIFFERS = "original_differs"
    NOTHING_TO_GIVE_BACK = "nothing_to_give_back"
    ALREADY_GIVEN_BACK = "already_given_back"
    EXCEEDS_ORIGINAL = "exceeds_original"


class TransferKind(StrEnum):
    """What moved the money."""

    POSTING = "posting"
    RESOLUTION = "resolution"


class BookKey(NamedTuple):
    """One balance: an account in one currency."""

    tenant: str
    account_id: str
    currency: str


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """An account of the registry; `currency` is what it was opened in, null for the bank's own."""

    tenant: str
    account_id: str
    kind: AccountKind = AccountKind.LIABILITY
    is_customer: bool = True
    currency: str | None = None
    customer_id: str | None = None
    branch_id: str | None = None
    may_go_negative: bool = True


class Balance(msgspec.Struct, frozen=True, gc=False):
    """Credits minus debits, what holds have set aside, and how many transfers made it."""

    posted: int = 0
    held: int = 0
    version: int = 0

    @property
    def available(self) -> int:
        """What may still be spent."""
        return self.posted - self.held


class Movement(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Money that is to go from a debit account to a credit account, and the event that asks it."""

    event_id: bytes
    cell: int
    position: int
    debit: BookKey
    credit: BookKey
    amount_minor: int
    occurred_at: datetime


class Decided(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """What the books read of a `Decision`: the features are most of it, and none of theirs."""

    event_id: str
    cell: int
    position: int
    verdict: Verdict
    score: int
    rule_set: str
    hits: tuple[RuleHit, ...] = ()
    list_hit: ListHit | None = None
    transaction: Transaction


class Arrival(msgspec.Struct, frozen=True, gc=False):
    """A decision as posting took it from the log, and the movement it is about.

    `corrects` is the event that a reversal, refund or chargeback names as its original.
    """

    event_id: bytes
    movement: Movement
    payload_hash: bytes
    decision: Decided
    decided_at: datetime
    corrects: bytes | None = None


class Transfer(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A movement that was made, and what it left on both sides."""

    movement: Movement
    leg: int = 0
    kind: TransferKind
    debit_after: int
    debit_version: int
    credit_after: int
    credit_version: int
    booked_at: datetime


class Hold(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A movement set aside on its debit side until a resolution posts or releases it."""

    movement: Movement
    booked_at: datetime


class Settlement(msgspec.Struct, frozen=True, gc=False):
    """What became of an arrival: it is written down as an `Outcome`."""

    arrival: Arrival
    status: OutcomeStatus
    reason_code: RefusalReason | None
    booked_at: datetime


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a transaction, with the decision on it: one per event id for ever."""

    event_id: bytes
    tenant: str
    transaction_id: str
    account_id: str
    type: TransactionType
    direction: Direction
    amount_minor: int
    currency: str
    occurred_at: datetime
    received_at: datetime
    cell: int
    position: int
    verdict: Verdict
    score: int
    rule_set: str
    hits: tuple[RuleHit, ...] = ()
    list_hit: ListHit | None = None
    status: OutcomeStatus
    reason_code: RefusalReason | None = None
    payload_hash: bytes
    decided_at: datetime
    booked_at: datetime


class Original(msgspec.Struct, frozen=True, kw_only=True):
    """What the books know of a transaction that another one corrects.

    `sides` are the debit and the credit account, where it was booked; `ended` says how its hold
    ended, `given_back` how much of it other corrections have taken.
    """

    event_id: bytes
    customer: BookKey
    type: TransactionType
    direction: Direction
    amount_minor: int
    status: OutcomeStatus
    sides: tuple[BookKey, BookKey] | None = None
    ended: ResolutionKind | None = None
    given_back: int = 0


class CorrectionEffect(StrEnum):
    """What a correction does to its original."""

    GAVE_BACK = "gave_back"
    RELEASED = "released"


class Correction(msgspec.Struct, frozen=True, kw_only=True):
    """A transaction that corrects another one, which the books know."""

    event_id: bytes
    original: bytes
    type: TransactionType
    effect: CorrectionEffect
    amount_minor: int
    booked_at: datetime


class Conflict(msgspec.Struct, frozen=True, kw_only=True):
    """A second transaction under an id that the books already know: kept, raised, not applied."""

    event_id: bytes
    cell: int
    position: int
    booked_hash: bytes
    refused_hash: bytes
    refused: Transaction
    found_at: datetime


class Resolved(msgspec.Struct, frozen=True, kw_only=True):
    """A hold that has ended, and the resolution that was the first to end it."""

    hold: Hold
    resolution: Resolution
    booked_at: datetime


class Watermark(msgspec.Struct, frozen=True):
    """The highest position applied from a partition, and where to read it on."""

    position: int = BEFORE_ALL
    next_offset: int = 0


class Postings(msgspec.Struct, frozen=True, kw_only=True):
    """A batch for the books: what came from one partition of decisions, in order."""

    topic: str
    partition: int
    next_offset: int
    arrivals: Sequence[Arrival]
    booked_at: datetime


class Resolutions(msgspec.Struct, frozen=True, kw_only=True):
    """A batch of ends of holds, in order."""

    topic: str
    partition: int
    next_offset: int
    resolutions: Sequence[Resolution]
    booked_at: datetime


class Expiry(msgspec.Struct, frozen=True, kw_only=True):
    """Holds that were booked before an instant are to end, where nobody has ended them."""

    before: datetime
    reason: str
    booked_at: datetime


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What the books hold of all that a batch touches; `bounded` may not go below nought."""

    known: Mapping[bytes, bytes] = {}
    balances: Mapping[BookKey, Balance] = {}
    bounded: Collection[BookKey] = frozenset()
    holds: Mapping[bytes, Hold] = {}
    ended: Collection[bytes] = frozenset()
    originals: Mapping[bytes, Original] = {}


class Effects(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a batch changes; `balances` holds what was and what is, where it differs."""

    settlements: Sequence[Settlement] = ()
    transfers: Sequence[Transfer] = ()
    holds: Sequence[Hold] = ()
    resolved: Sequence[Resolved] = ()
    corrections: Sequence[Correction] = ()
    conflicts: Sequence[Conflict] = ()
    duplicates: int = 0
    balances: Mapping[BookKey, tuple[Balance, Balance]] = {}

    def counts(self) -> Counter[str]:
        """What this adds to the totals, by their names."""
        counts = Counter(settlement.status.value for settlement in self.settlements)
        counts["duplicates"] += self.duplicates
        counts["conflicts"] += len(self.conflicts)
        return +counts


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """How many transactions the books have settled, by outcome, and what they would not book."""

    posted: int = 0
    held: int = 0
    refused: int = 0
    declined: int = 0
    duplicates: int = 0
    conflicts: int = 0

    @property
    def decided(self) -> int:
        """Every event id counts once."""
        return self.posted + self.held + self.refused + self.declined


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """The balance of an account in one currency, as of a position of the log."""

    account_id: str
    currency: str
    balance: Balance
    as_of_position: int
