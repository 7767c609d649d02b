"""Trying a rule set on the past: judged by the batch engine, each cell as the stream would."""

from collections.abc import Callable
from dataclasses import dataclass

import msgspec
import polars as pl

from analytics.backtest.comparison import Comparison, compared
from analytics.backtest.counting import backtest
from analytics.backtest.judged import Judged, Span, beside, judged
from analytics.backtest.labels import Labels
from analytics.backtest.values import Backtest
from analytics.batch import parts, schema, score
from data_contracts.decision import Verdict
from rules.model import ListKind, RuleSet

CELL = "cell"

Tell = Callable[[float], None]
"""Is given how much of the work is done, from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What rules are tried on: transactions in order of position, cell after cell.

    All of them make the past that features know; those within the span are counted.
    """

    transactions: pl.DataFrame
    span: Span
    labels: Labels | None = None


def try_on(ground: Ground, rule_set: RuleSet, tell: Tell) -> Backtest:
    """What a rule set does, or `NothingToCount` where the span is empty."""
    found = judge(ground, rule_set, tell)
    return backtest(found, found.within(ground.span))


def try_both(ground: Ground, now: RuleSet, then: RuleSet, tell: Tell) -> Comparison:
    """What changes from one rule set to the other, or `NothingToCount`."""
    before = judge(ground, now, lambda share: tell(share / 2))
    after = before if now == then else judge(ground, then, lambda share: tell((1 + share) / 2))
    before_part, after_part = before.within(ground.span), after.within(ground.span)
    return compared(
        before_part,
        after_part,
        backtest(before, before_part),
        backtest(after, after_part),
    )


def judge(ground: Ground, rule_set: RuleSet, tell: Tell) -> Judged:
    """Decide every transaction."""
    transactions = ground.transactions
    cells = (
        transactions.partition_by(CELL, maintain_order=True)
        if CELL in transactions.columns
        else [transactions]
    )
    scored = pl.concat(_scored(cell, rule_set, tell) for cell in cells)
    return judged(scored if ground.labels is None else ground.labels.beside(scored), rule_set)


def _scored(transactions: pl.DataFrame, rule_set: RuleSet, tell: Tell) -> pl.DataFrame:
    names = beside(rule_set)
    found = parts(transactions, rule_set, beside=names, with_features=False, tell=tell)
    empty = pl.DataFrame(schema=schema(rule_set, names, with_features=False))
    whole = pl.concat([empty, *found])
    return whole.with_columns(_is_blocked(transactions, rule_set, len(whole)))


def _is_blocked(transactions: pl.DataFrame, rule_set: RuleSet, rows: int) -> pl.Series:
    """Where a block list decides: without rules, nothing else is ever declined."""
    lists = tuple(item for item in rule_set.lists if item.kind is ListKind.BLOCK and item.entries)
    if not lists:
        return pl.repeat(value=False, n=rows, eager=True).alias("is_listed")
    lists_alone = msgspec.structs.replace(rule_set, rules=(), features=(), lists=lists)
    found = score(transactions, lists_alone, with_features=False)
    return (found["decision"] != Verdict.APPROVE.value).alias("is_listed")
