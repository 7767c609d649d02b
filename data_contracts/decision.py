"""The decision: what we said of a transaction, why, and on what."""

from enum import StrEnum

import msgspec

from data_contracts.transaction import Transaction

SCORE_MAX = 100

FeatureValue = int | float | str | None


class Verdict(StrEnum):
    """What is to be done with the transaction."""

    APPROVE = "approve"
    REVIEW = "review"
    DECLINE = "decline"


class Severity(StrEnum):
    """How bad it is when the rule is right."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class RuleHit(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One rule that was true of the transaction, with its reason filled in."""

    rule_id: str
    version: int
    typology: str
    severity: Severity
    score: int
    reason: str


class ListHit(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A block or allow list that settled the decision before any rule did."""

    list_id: str
    field: str
    reason: str


class Decision(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A pure function of the log up to `position`: no clock is in it.

    When it was made is the time stamp of its Kafka message; its key is the event id.
    """

    decision_id: str
    event_id: str
    cell: int
    position: int
    verdict: Verdict
    score: int
    rule_set: str
    hits: tuple[RuleHit, ...] = ()
    shadow_hits: tuple[RuleHit, ...] = ()
    list_hit: ListHit | None = None
    features: dict[str, FeatureValue] = {}  # A null is absent; `flags` may say why.
    flags: dict[str, str] = {}
    transaction: Transaction
