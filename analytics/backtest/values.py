"""The values of a backtest: what `--json` prints, and what tables and Markdown are made of.

A *hit* is a transaction that a rule is true of, whether the hit has effect or stays in the shadow.
A transaction is *flagged* where it is reviewed or declined. An *alert* is what an analyst gets to
see: flagged transactions that suppression leaves loud, those of one account on one day (UTC, by
`occurred_at`) together. A *customer* is an account of a tenant.
"""

from collections.abc import Mapping
from datetime import date, datetime

import msgspec

from data_contracts.decision import Verdict
from rules.model import Status

Amounts = Mapping[str, int]
"""Minor units by currency."""


class Proportion(msgspec.Struct, frozen=True, kw_only=True):
    """A share with its 95 % interval after Wilson."""

    count: int
    of: int
    share: float
    low: float
    high: float


class Ratio(msgspec.Struct, frozen=True, kw_only=True):
    """So many false ones for each true one; None stands for infinitely many."""

    ratio: float | None
    low: float | None
    high: float | None


class Quality(msgspec.Struct, frozen=True, kw_only=True):
    """How well a rule, or all of them, tell labelled fraud from the rest.

    Transactions without a label are left out. The interval of the false-positive ratio is that of
    the precision p, taken through (1 - p) / p.
    """

    true_positives: int
    false_positives: int
    precision: Proportion | None
    recall: Proportion | None
    false_positive_ratio: Ratio | None


class Verdicts(msgspec.Struct, frozen=True, kw_only=True):
    """How many were decided which way."""

    approve: int = 0
    review: int = 0
    decline: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.approve + self.review + self.decline

    def count(self, verdict: Verdict) -> int:
        """Those decided that way."""
        found: int = getattr(self, verdict.value)
        return found


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """What transactions come to: those that a rule hits, or those that are flagged."""

    transactions: int
    alerts: int
    alerts_per_day: float
    customers: int
    amounts: Amounts
    verdicts: Verdicts
    quality: Quality | None = None


class RuleEffect(msgspec.Struct, frozen=True, kw_only=True):
    """What one rule does; `shadow` of its hits have no effect, `shared` another rule has too."""

    rule_id: str
    status: Status
    shadow: int
    shared: Proportion | None
    effect: Effect

    @property
    def hits(self) -> int:
        """How many transactions the rule is true of."""
        return self.effect.transactions


class Overlap(msgspec.Struct, frozen=True, kw_only=True):
    """Two rules that hit the same transactions, with the share of each one's hits."""

    rule_id: str
    other_id: str
    both: int
    share_of_rule: float
    share_of_other: float


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """One day of the period."""

    day: date
    transactions: int
    flagged: int
    alerts: int


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """What is looked at: from the first transaction's day to the last one's, both included.

    Features also remember what came before `first`; `history_from` is the earliest that they know,
    and `is_whole_from` the instant from which on every window lies within it.
    """

    first: datetime
    last: datetime
    days: int
    history_from: datetime
    is_whole_from: datetime


class CardPrecision(msgspec.Struct, frozen=True, kw_only=True):
    """The mean over days of the share of compromised cards among the `cards` with most score.

    A card that had a labelled fraud 8 to 14 days before is left out: the bank knows of it by then.
    """

    cards: int
    days: int
    mean: float


class Backtest(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule set does to the transactions of a period."""

    rule_set: str
    period: Period
    transactions: int
    flagged: Effect
    quiet: int
    verdicts: Verdicts
    rules: tuple[RuleEffect, ...]
    overlaps: tuple[Overlap, ...]
    days: tuple[Day, ...]
    labelled: int | None = None
    frauds: int | None = None
    card_precision: CardPrecision | None = None
