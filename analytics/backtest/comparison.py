"""Two rule sets over the same transactions: what changes for customers and analysts."""

from collections.abc import Mapping

import msgspec
import polars as pl

from analytics.backtest.counting import amounts_of
from analytics.backtest.judged import CUSTOMER, LABEL, ROW, Judged
from analytics.backtest.values import Amounts, Backtest
from data_contracts.decision import Verdict


class Flip(msgspec.Struct, frozen=True, kw_only=True):
    """Transactions that are decided another way; `frauds` of them bear that label."""

    now: Verdict
    then: Verdict
    transactions: int
    customers: int
    amounts: Amounts
    frauds: int | None = None


class RuleChange(msgspec.Struct, frozen=True, kw_only=True):
    """A rule of either set, and what becomes of its hits and alerts; None: not in that set."""

    rule_id: str
    hits_now: int | None
    hits_then: int | None
    alerts_per_day_now: float
    alerts_per_day_then: float


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """From what counts now to what would count then."""

    now: Backtest
    then: Backtest
    flips: tuple[Flip, ...]
    customers_newly_touched: int
    customers_no_longer_touched: int
    rules: tuple[RuleChange, ...]

    @property
    def is_nothing(self) -> bool:
        """Whether no decision, no alert and no hit changes."""
        return not self.flips and not self.rules and self.now.quiet == self.then.quiet


def compared(now: Judged, then: Judged, now_found: Backtest, then_found: Backtest) -> Comparison:
    """Compare two judgements of the same rows with each other, given the figures of each."""
    return Comparison(
        now=now_found,
        then=then_found,
        flips=_flips(now, then),
        customers_newly_touched=_touched_only(then, now),
        customers_no_longer_touched=_touched_only(now, then),
        rules=_rules(now_found, then_found),
    )


def _flips(now: Judged, then: Judged) -> tuple[Flip, ...]:
    pairs = then.rows.join(now.rows.select(ROW, pl.col("decision").alias("now")), on=ROW)
    flipped = pairs.filter(pl.col("now") != pl.col("decision"))
    parts = flipped.partition_by("now", "decision", as_dict=True)
    flips = [
        Flip(
            now=Verdict(before),
            then=Verdict(after),
            transactions=len(rows),
            customers=rows[CUSTOMER].n_unique(),
            amounts=amounts_of(rows),
            frauds=int(rows[LABEL].sum()) if then.has_labels else None,
        )
        for (before, after), rows in parts.items()
    ]
    order = list(Verdict)
    return tuple(sorted(flips, key=lambda flip: (order.index(flip.now), order.index(flip.then))))


def _touched_only(one: Judged, other: Judged) -> int:
    """Customers of whom the one set flags something, and the other nothing."""
    touched, others = _touched(one), _touched(other)
    return len(touched.join(others, on=CUSTOMER, how="anti"))


def _touched(found: Judged) -> pl.DataFrame:
    return found.rows.filter("is_flagged").select(CUSTOMER).unique()


def _rules(now: Backtest, then: Backtest) -> tuple[RuleChange, ...]:
    before, after = _by_rule(now), _by_rule(then)
    found = [_rule(name, before, after) for name in sorted(before.keys() | after.keys())]
    return tuple(change for change in found if _is_change(change))


Counts = Mapping[str, tuple[int, float]]


def _by_rule(found: Backtest) -> Counts:
    return {item.rule_id: (item.hits, item.effect.alerts_per_day) for item in found.rules}


def _rule(name: str, before: Counts, after: Counts) -> RuleChange:
    hits_now, alerts_now = before.get(name, (None, 0.0))
    hits_then, alerts_then = after.get(name, (None, 0.0))
    return RuleChange(
        rule_id=name,
        hits_now=hits_now,
        hits_then=hits_then,
        alerts_per_day_now=alerts_now,
        alerts_per_day_then=alerts_then,
    )


def _is_change(change: RuleChange) -> bool:
    is_same = (change.hits_now, change.alerts_per_day_now) == (
        change.hits_then,
        change.alerts_per_day_then,
    )
    return not is_same
