"""Trying a rule set on the past: judged by the batch engine, each cell as the stream would."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import msgspec
import polars as pl

from analytics.backtest.comparison import Comparison, compared
from analytics.backtest.counting import NothingToCount, backtest
from analytics.backtest.judged import Judged, Span, beside, judged
from analytics.backtest.labels import Labels
from analytics.backtest.values import Backtest
from analytics.batch import ROWS_AT_ONCE
from data_contracts.decision import Verdict
from rules.batch_evaluation import compile_batch
from rules.features.batch.values import columns
from rules.model import ListKind, RuleSet
from rules.transaction_frame import completed, without_copies

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
    (found,) = judge(ground, [rule_set], tell)
    return backtest(found, found.within(ground.span))


def try_both(ground: Ground, now: RuleSet, then: RuleSet, tell: Tell) -> Comparison:
    """What changes from one rule set to the other, or `NothingToCount`."""
    before, after = judge(ground, [now, then], tell)
    before_part, after_part = before.within(ground.span), after.within(ground.span)
    return compared(
        before_part,
        after_part,
        backtest(before, before_part),
        backtest(after, after_part),
    )


def judge(ground: Ground, rule_sets: Sequence[RuleSet], tell: Tell) -> list[Judged]:
    """Every transaction decided by each rule set; features that they share are computed once."""
    if ground.transactions.is_empty():
        raise NothingToCount("there is no transaction")
    cells = _cells(ground.transactions)
    scored = [
        _scored(cell, rule_sets, _part(tell, number, len(cells)))
        for number, cell in enumerate(cells)
    ]
    return [
        judged(_labelled(pl.concat(found), ground.labels), rule_set)
        for found, rule_set in zip(zip(*scored, strict=True), rule_sets, strict=True)
    ]


def _part(tell: Tell, number: int, of: int) -> Tell:
    return lambda share: tell((number + share) / of)


def _scored(
    transactions: pl.DataFrame, rule_sets: Sequence[RuleSet], tell: Tell
) -> list[pl.DataFrame]:
    history = without_copies(completed(transactions))
    features = _features(rule_sets, history, tell)
    return [_decided(history, features, rule_set) for rule_set in rule_sets]


def _cells(transactions: pl.DataFrame) -> list[pl.DataFrame]:
    if CELL not in transactions.columns:
        return [transactions]
    return transactions.partition_by(CELL, maintain_order=True)


def _labelled(rows: pl.DataFrame, labels: Labels | None) -> pl.DataFrame:
    return rows if labels is None else labels.beside(rows)


Features = Mapping[str, pl.Series]
"""By fingerprint of the definition."""


def _features(rule_sets: Sequence[RuleSet], history: pl.DataFrame, tell: Tell) -> Features:
    once = {item.fingerprint(): item for one in rule_sets for item in one.features}
    found = {}
    for number, column in enumerate(columns(list(once.values()), history), 1):
        found[column.definition.fingerprint()] = column.values
        tell(number / len(once))
    return found


def _decided(history: pl.DataFrame, features: Features, rule_set: RuleSet) -> pl.DataFrame:
    evaluator, lists = compile_batch(rule_set), compile_batch(_lists_alone(rule_set))
    own = [features[item.fingerprint()].alias(item.name) for item in rule_set.features]
    names = ("transaction_id", *beside(rule_set))
    return pl.concat(
        part.select(names)
        .hstack(evaluator.judge(part))
        .with_columns((lists.judge(part)["decision"] != Verdict.APPROVE).alias("is_listed"))
        for part in history.hstack(own).iter_slices(ROWS_AT_ONCE)
    )


def _lists_alone(rule_set: RuleSet) -> RuleSet:
    """Without rules nothing is flagged but what a block list stops."""
    lists = tuple(item for item in rule_set.lists if item.kind is ListKind.BLOCK)
    return msgspec.structs.replace(rule_set, rules=(), features=(), lists=lists)
