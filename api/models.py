"""What the routes answer, as their readers see it."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from data_contracts.decision import Severity, Verdict
from data_contracts.outcome import OutcomeStatus
from data_contracts.resolution import ResolutionKind
from data_contracts.transaction import Direction, TransactionType
from ledger.values import AccountKind


class Answer(BaseModel):
    """A frozen answer."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class HitAnswer(Answer):
    """A rule that was true of the transaction, and why."""

    rule_id: str
    version: int
    typology: str
    severity: Severity
    score: int
    reason: str


class ListHitAnswer(Answer):
    """A block or allow list that settled the decision."""

    list_id: str
    field: str
    reason: str


class TransactionAnswer(Answer):
    """What is known of a transaction: accepted into the log, or booked with its decision."""

    transaction_id: str
    event_id: str
    account_id: str
    status: Literal["accepted", "booked"]
    cell: int
    position: Annotated[int | None, Field(description="its place in the order of the log")] = None
    decision: Verdict | None = None
    score: Annotated[int | None, Field(ge=0, le=100)] = None
    rule_set: Annotated[str | None, Field(description="hash of the rules that decided")] = None
    hits: tuple[HitAnswer, ...] = ()
    list_hit: ListHitAnswer | None = None
    outcome: OutcomeStatus | None = None
    outcome_reason: str | None = None
    decided_at: datetime | None = None
    booked_at: datetime | None = None


class BalanceAnswer(Answer):
    """What an account holds in one currency, in its minor units."""

    currency: str
    posted_minor: Annotated[int, Field(description="credits minus debits")]
    held_minor: Annotated[
        int | None, Field(description="set aside by holds under review; not told of the past")
    ] = None
    available_minor: Annotated[int | None, Field(description="posted without what is held")] = None
    version: Annotated[int, Field(description="how many transfers made it")]


class AccountBalanceAnswer(Answer):
    """The balances of an account, that of its own currency first."""

    account_id: str
    as_of_position: Annotated[
        int | None, Field(description="of the log; -1: before the first; not told of the past")
    ] = None
    at: Annotated[datetime | None, Field(description="the instant that was asked for")] = None
    balances: tuple[BalanceAnswer, ...]


class StatementLineAnswer(Answer):
    """One transfer as the account sees it."""

    transfer_id: str
    transaction_id: str
    type: TransactionType
    counter_account: Annotated[str, Field(description="the other side, in words")]
    counter_kind: AccountKind
    amount_minor: Annotated[int, Field(description="negative where money left the account")]
    currency: str
    balance_after_minor: int
    version: Annotated[int, Field(description="the number of the transfer in this balance")]
    occurred_at: datetime
    booked_at: datetime


class StatementAnswer(Answer):
    """A page of a statement, the latest line first."""

    account_id: str
    currency: str
    lines: tuple[StatementLineAnswer, ...]
    next_cursor: Annotated[str | None, Field(description="absent on the last page")] = None


class PastTransactionAnswer(Answer):
    """A transaction of an account, and what became of it."""

    transaction_id: str
    event_id: str
    type: TransactionType
    direction: Direction
    amount_minor: int
    currency: str
    decision: Verdict
    outcome: OutcomeStatus
    outcome_reason: str | None = None
    hold_ended: Annotated[ResolutionKind | None, Field(description="how its hold ended")] = None
    position: int
    occurred_at: datetime
    booked_at: datetime


class HistoryAnswer(Answer):
    """A page of an account's transactions; while there is a cursor there may be more."""

    account_id: str
    transactions: tuple[PastTransactionAnswer, ...]
    next_cursor: Annotated[str | None, Field(description="absent on the last page")] = None


class SelfAnswer(Answer):
    """Whom the token speaks for, and what it may do."""

    subject: str
    tenant: str
    role: str
    branch: str | None = None
    reach: str
    actions: tuple[str, ...]


class CheckAnswer(Answer):
    """Whether a server that we need answers."""

    status: Literal["up", "down"]
    detail: str | None = None


class ReadinessAnswer(Answer):
    """Whether transactions can be taken: not without the log, and not while we go down."""

    status: Literal["ready", "degraded", "not-ready", "draining"]
    checks: dict[str, CheckAnswer]


class LiveAnswer(Answer):
    """The process answers."""

    status: Literal["live"] = "live"
