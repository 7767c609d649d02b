"""Transactions beside what was decided of them: the frame that every figure is counted on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import polars as pl

from analytics.backtest.quiet import is_quiet, suppressions
from data_contracts.decision import Verdict
from rules.model import RuleSet

DAY, ROW, CUSTOMER, LABEL = "day", "row", "customer", "is_fraud"
BESIDE = ("tenant", "account_id", "card_token", "amount_minor", "currency", "occurred_at")


@dataclass(frozen=True, slots=True)
class Span:
    """From `first` on and before `end`; None leaves that side open."""

    first: datetime | None = None
    end: datetime | None = None

    def condition(self) -> pl.Expr:
        """Whether a transaction lies within."""
        occurred_at = pl.col("occurred_at")
        found = pl.lit(value=True)
        if self.first is not None:
            found &= occurred_at >= self.first
        if self.end is not None:
            found &= occurred_at < self.end
        return found


@dataclass(frozen=True, slots=True)
class Judged:
    """One row per transaction in order of position, decided by `rule_set`.

    Columns: those of the transaction, `decision, score, hits, shadow_hits`, `day`, `customer`,
    `row`, `is_flagged`, `is_quiet`, and `is_fraud` where there are labels (null: nobody knows).
    """

    rows: pl.DataFrame
    rule_set: RuleSet

    @property
    def has_labels(self) -> bool:
        """Whether anything is known of fraud."""
        return LABEL in self.rows.columns

    def within(self, span: Span) -> "Judged":
        """The part of it that occurred within the span."""
        return Judged(self.rows.filter(span.condition()), self.rule_set)


def judged(scored: pl.DataFrame, rule_set: RuleSet) -> Judged:
    """Complete rows in order of position that have `BESIDE`, what was decided, and `is_listed`.

    Quiet is settled here, over the whole past, before any cut.
    """
    rows = scored.with_columns(
        pl.col("occurred_at").dt.date().alias(DAY),
        pl.concat_str("tenant", "account_id", separator="\n").alias(CUSTOMER),
        (pl.col("decision") != Verdict.APPROVE.value).alias("is_flagged"),
        pl.int_range(pl.len()).alias(ROW),
    )
    return Judged(_with_quiet(rows, rule_set), rule_set)


def _with_quiet(rows: pl.DataFrame, rule_set: RuleSet) -> pl.DataFrame:
    at_ms = pl.col("occurred_at").dt.epoch("ms").alias("at_ms")
    flagged = rows.filter("is_flagged").with_columns(at_ms)
    quiet = flagged.select(ROW).with_columns(is_quiet(flagged, suppressions(rule_set)))
    joined = rows.join(quiet, on=ROW, how="left", maintain_order="left")
    return joined.with_columns(pl.col("is_quiet").fill_null(value=False))


def instant(value: object) -> datetime:
    """An instant as Polars gives it, aware."""
    assert isinstance(value, datetime)
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def beside(rule_set: RuleSet) -> Sequence[str]:
    """The fields of transactions that the figures need."""
    keys = {rule.suppress.by for rule in rule_set.rules if rule.suppress is not None}
    return tuple(dict.fromkeys([*BESIDE, *sorted(keys)]))
