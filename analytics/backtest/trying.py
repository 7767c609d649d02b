"""Trying a rule set on the past: judged by the batch engine, each cell as the stream would."""

import msgspec
import polars as pl

from analytics.backtest.comparison import Comparison, compared
from analytics.backtest.counting import backtest
from analytics.backtest.judged import Judged, Span, beside, judged
from analytics.backtest.labels import Labels
from analytics.backtest.values import Backtest
from analytics.batch import score
from data_contracts.decision import Verdict
from rules.model import ListKind, RuleSet

CELL = "cell"


def judge(transactions: pl.DataFrame, rule_set: RuleSet, labels: Labels | None = None) -> Judged:
    """Decide every transaction; they stand in order of position, cell after cell."""
    cells = (
        transactions.partition_by(CELL, maintain_order=True)
        if CELL in transactions.columns
        else [transactions]
    )
    scored = pl.concat(_scored(cell, rule_set) for cell in cells)
    return judged(scored if labels is None else labels.beside(scored), rule_set)


def _scored(transactions: pl.DataFrame, rule_set: RuleSet) -> pl.DataFrame:
    names = beside(rule_set)
    found = score(transactions, rule_set, beside=names, with_features=False)
    return found.with_columns(_is_blocked(transactions, rule_set, len(found)))


def _is_blocked(transactions: pl.DataFrame, rule_set: RuleSet, rows: int) -> pl.Series:
    """Where a block list decides: without rules, nothing else is ever declined."""
    lists = tuple(item for item in rule_set.lists if item.kind is ListKind.BLOCK and item.entries)
    if not lists:
        return pl.repeat(value=False, n=rows, eager=True).alias("is_listed")
    lists_alone = msgspec.structs.replace(rule_set, rules=(), features=(), lists=lists)
    found = score(transactions, lists_alone, with_features=False)
    return (found["decision"] != Verdict.APPROVE.value).alias("is_listed")


def try_on(
    transactions: pl.DataFrame, rule_set: RuleSet, span: Span, labels: Labels | None = None
) -> Backtest:
    """What a rule set does to the transactions of a span, or `NothingToCount`."""
    found = judge(transactions, rule_set, labels)
    return backtest(found, found.within(span))


def try_both(
    transactions: pl.DataFrame,
    now: RuleSet,
    then: RuleSet,
    span: Span,
    labels: Labels | None = None,
) -> Comparison:
    """What changes from one rule set to the other in a span, or `NothingToCount`."""
    before = judge(transactions, now, labels)
    after = before if now == then else judge(transactions, then, labels)
    before_part, after_part = before.within(span), after.within(span)
    return compared(
        before_part,
        after_part,
        backtest(before, before_part),
        backtest(after, after_part),
    )
