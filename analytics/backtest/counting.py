"""Counting: from a judged past to the figures of a backtest. Pure functions over frames."""

from collections.abc import Iterable
from datetime import timedelta

import polars as pl

from analytics.backtest.cards import card_precision
from analytics.backtest.judged import CUSTOMER, DAY, LABEL, ROW, Judged, instant
from analytics.backtest.overlaps import overlaps, shared_hits
from analytics.backtest.proportions import proportion, quality
from analytics.backtest.values import (
    Amounts,
    Backtest,
    Day,
    Effect,
    Period,
    Quality,
    RuleEffect,
    Verdicts,
)
from rules.model import Rule, RuleSet

SHADOW = "is_shadow"


class NothingToCount(ValueError):
    """There is no transaction in the period."""


def backtest(whole: Judged, part: Judged | None = None) -> Backtest:
    """The figures of a part of the past (default: all of it); `whole` is what features saw."""
    found = whole if part is None else part
    rows = found.rows
    if rows.is_empty():
        raise NothingToCount("there is no transaction in the period")
    period, hits = _period(whole, found), hits_of(rows)
    flagged = rows.filter("is_flagged")
    frauds = int(rows[LABEL].sum()) if found.has_labels else None
    return Backtest(
        rule_set=found.rule_set.fingerprint(),
        period=period,
        transactions=len(rows),
        flagged=_effect(flagged, _loud(flagged), period, frauds),
        quiet=int(rows["is_quiet"].sum()),
        verdicts=_verdicts(rows),
        rules=_rules(found, hits, period, frauds),
        overlaps=overlaps(hits),
        days=_days(rows, period),
        labelled=rows[LABEL].count() if found.has_labels else None,
        frauds=frauds,
        card_precision=card_precision(rows) if found.has_labels else None,
    )


def hits_of(rows: pl.DataFrame) -> pl.DataFrame:
    """One row per rule that is true of a transaction: `row`, `rule_id`, `is_shadow`."""
    parts = [
        rows.select(ROW, pl.col(column).alias("rule_id"), pl.lit(is_shadow).alias(SHADOW))
        .filter(pl.col("rule_id").list.len() > 0)
        .explode("rule_id")
        for column, is_shadow in (("hits", False), ("shadow_hits", True))
    ]
    return pl.concat(parts)


def _rules(
    found: Judged, hits: pl.DataFrame, period: Period, frauds: int | None
) -> tuple[RuleEffect, ...]:
    shared = shared_hits(hits)
    joined = hits.join(found.rows, on=ROW, how="left", maintain_order="left")
    by_rule = {
        str(name): part for (name,), part in joined.partition_by("rule_id", as_dict=True).items()
    }
    nothing = joined.clear()
    return tuple(
        _rule(rule, by_rule.get(rule.id, nothing), shared.get(rule.id, 0), period, frauds)
        for rule in found.rule_set.rules
    )


def _rule(
    rule: Rule, rows: pl.DataFrame, shared: int, period: Period, frauds: int | None
) -> RuleEffect:
    loud = _loud(rows.filter(pl.col("is_flagged") & ~pl.col(SHADOW)))
    return RuleEffect(
        rule_id=rule.id,
        status=rule.status,
        shadow=int(rows[SHADOW].sum()),
        shared=proportion(shared, len(rows)),
        effect=_effect(rows, loud, period, frauds),
    )


def _loud(flagged: pl.DataFrame) -> pl.DataFrame:
    return flagged.filter(~pl.col("is_quiet"))


def _effect(rows: pl.DataFrame, loud: pl.DataFrame, period: Period, frauds: int | None) -> Effect:
    alerts = loud.select(CUSTOMER, DAY).n_unique() if len(loud) else 0
    return Effect(
        transactions=len(rows),
        alerts=alerts,
        alerts_per_day=alerts / period.days,
        customers=rows[CUSTOMER].n_unique(),
        amounts=amounts_of(rows),
        verdicts=_verdicts(rows),
        quality=None if frauds is None else _quality(rows, frauds),
    )


def _quality(rows: pl.DataFrame, frauds: int) -> Quality:
    true_positives = int(rows[LABEL].sum())
    return quality(true_positives, rows[LABEL].count() - true_positives, frauds)


def amounts_of(rows: pl.DataFrame) -> Amounts:
    """The sum of minor units of each currency."""
    sums = rows.group_by("currency").agg(pl.col("amount_minor").sum()).sort("currency")
    return {str(currency): int(total) for currency, total in sums.iter_rows()}


def _verdicts(rows: pl.DataFrame) -> Verdicts:
    counts = {str(verdict): count for verdict, count in rows["decision"].value_counts().iter_rows()}
    return Verdicts(**counts)


def _days(rows: pl.DataFrame, period: Period) -> tuple[Day, ...]:
    loud = rows.filter(pl.col("is_flagged") & ~pl.col("is_quiet"))
    counts = (
        _all_days(period)
        .join(rows.group_by(DAY).agg(pl.len(), pl.col("is_flagged").sum()), on=DAY, how="left")
        .join(loud.group_by(DAY).agg(pl.col(CUSTOMER).n_unique()), on=DAY, how="left")
        .fill_null(0)
        .sort(DAY)
    )
    return tuple(
        Day(day=day, transactions=count, flagged=flagged, alerts=alerts)
        for day, count, flagged, alerts in counts.iter_rows()
    )


def _all_days(period: Period) -> pl.DataFrame:
    every = (period.first.date() + timedelta(days=number) for number in range(period.days))
    return pl.DataFrame({DAY: list(every)}, schema={DAY: pl.Date})


def _period(whole: Judged, part: Judged) -> Period:
    first, last = (instant(item) for item in _ends(part.rows))
    history_from, _ = (instant(item) for item in _ends(whole.rows))
    return Period(
        first=first,
        last=last,
        days=(last.date() - first.date()).days + 1,
        history_from=history_from,
        is_whole_from=history_from + timedelta(milliseconds=longest_window_ms(part.rule_set)),
    )


def _ends(rows: pl.DataFrame) -> Iterable[object]:
    column = rows["occurred_at"]
    return column.min(), column.max()


def longest_window_ms(rule_set: RuleSet) -> int:
    """How far back the rules look."""
    return max((item.window_ms for item in rule_set.features), default=0)
