"""A rule set over many transactions at once: what `evaluation` says of each, without reasons.

Nothing of the log is at work here: no breaker, no entry of a list but those of the rule set.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from data_contracts.decision import SCORE_MAX, Verdict
from rules.evaluation import names_of_rule_set, share_of
from rules.expressions.conditions import condition_of
from rules.expressions.kinds import WHOLE_KINDS
from rules.expressions.names import Names
from rules.expressions.polars_code import PolarsCode
from rules.model import EntityList, ListKind, Rule, RuleSet, Status
from rules.soundness import check

DECISION_TYPE = pl.Enum([str(verdict) for verdict in Verdict])
_WORDS = list(Verdict)
_WHOLE_LOW, _WHOLE_HIGH = -(2**63), 2**63 - 1

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class BatchEvaluator:
    """A rule set as Polars expressions: of each rule whether it is true and what a hit scores."""

    rule_set: RuleSet
    expressions: Sequence[pl.Expr]
    scores: Mapping[str, pl.Expr]
    screened: Sequence["_Screened"]

    def judge(self, frame: pl.DataFrame) -> pl.DataFrame:
        """`decision`, `score`, `hits` and `shadow_hits` of each row.

        `frame` has the columns of the contract and of the rule set's features.
        """
        is_true = frame.with_columns(self.expressions)
        rules = sorted(self.rule_set.rules, key=lambda rule: rule.id)
        found = _Found.of(len(frame))
        for rule in rules:
            rows = np.flatnonzero(is_true[_column(rule)].fill_null(value=False).to_numpy())
            if len(rows):
                self._take(found, rule, rows, frame)
        return self._settled(found, frame)

    def _take(self, found: "_Found", rule: Rule, rows: Ints, frame: pl.DataFrame) -> None:
        counts = _counting(rule, frame, rows)
        found.hits.append((rule.id, rows[counts]))
        found.shadow_hits.append((rule.id, rows[~counts]))
        found.is_touched[rows] = True
        if rule.id in self.scores:
            some = frame.select(rule_score=self.scores[rule.id])["rule_score"].to_numpy()
            found.score[rows[counts]] += some[rows[counts]]
        else:
            found.score[rows[counts]] += rule.score or 0

    def _settled(self, found: "_Found", frame: pl.DataFrame) -> pl.DataFrame:
        is_blocked, is_allowed = np.zeros(len(frame), np.bool_), np.zeros(len(frame), np.bool_)
        for item in self.screened:
            is_named, applies = item.ask(frame)
            found.is_touched[is_named] = True
            (is_blocked if item.kind is ListKind.BLOCK else is_allowed)[applies] = True
        is_allowed &= ~is_blocked
        score = np.minimum(found.score, SCORE_MAX)
        score[is_blocked], score[is_allowed] = SCORE_MAX, 0
        policy = self.rule_set.policy
        verdict = (score >= policy.review_at).astype(np.uint8) + (score >= policy.decline_at)
        verdict[is_allowed | ~found.is_touched] = _WORDS.index(Verdict.APPROVE)
        verdict[is_blocked] = _WORDS.index(Verdict.DECLINE)
        stay = [(rule_id, rows[~is_allowed[rows]]) for rule_id, rows in found.hits]
        move = [(rule_id, rows[is_allowed[rows]]) for rule_id, rows in found.hits]
        return pl.DataFrame(
            {
                "decision": pl.Series(verdict).cat.to(DECISION_TYPE),
                "score": score,
                "hits": _lists(stay, len(frame)),
                "shadow_hits": _lists([*found.shadow_hits, *move], len(frame)),
            }
        )


@dataclass(frozen=True)
class _Found:
    """What the rules come to so far; `is_touched` are rows of which anything is true at all."""

    score: Ints
    is_touched: Bools
    hits: list[tuple[str, Ints]]
    shadow_hits: list[tuple[str, Ints]]

    @classmethod
    def of(cls, rows: int) -> "_Found":
        return cls(np.zeros(rows, np.int64), np.zeros(rows, np.bool_), [], [])


def compile_batch(rule_set: RuleSet) -> BatchEvaluator:
    """Put a rule set to work on frames, or raise `UnsoundRuleSet`."""
    check(rule_set)
    names = names_of_rule_set(rule_set)
    code = PolarsCode({item.id: item.entries for item in rule_set.lists})
    return BatchEvaluator(
        rule_set,
        [_is_hit(rule, names, code).alias(_column(rule)) for rule in rule_set.rules],
        {rule.id: _band_score(rule, names) for rule in rule_set.rules if rule.band_of},
        [_Screened.of(item) for item in rule_set.lists if item.kind is not ListKind.REFERENCE],
    )


def _column(rule: Rule) -> str:
    return f"rule {rule.id}"  # No field or feature has a space in its name.


def _is_hit(rule: Rule, names: Names, code: PolarsCode) -> pl.Expr:
    """A rule with bands does not fire where the value that they divide is unknown."""
    is_true = code.condition(condition_of(rule.when, names))
    return is_true if rule.band_of is None else is_true & pl.col(rule.band_of).is_not_null()


def _band_score(rule: Rule, names: Names) -> pl.Expr:
    """The score of the band that the value lies in; lint saw to it that they cover the line."""
    assert rule.band_of is not None
    found = names.type_of(rule.band_of)
    is_whole = found is not None and found.kind in WHOLE_KINDS
    value, score = pl.col(rule.band_of), pl.lit(rule.bands[-1].score)
    for band in reversed(rule.bands[:-1]):
        assert band.below is not None
        edge = _whole_edge(band.below) if is_whole else band.below
        score = pl.when(value < pl.lit(edge)).then(band.score).otherwise(score)
    return score


def _whole_edge(edge: float) -> int:
    """The whole number that the same whole numbers are below."""
    return min(max(ceil(edge), _WHOLE_LOW), _WHOLE_HIGH)


def _counting(rule: Rule, frame: pl.DataFrame, rows: Ints) -> Bools:
    """Which of the hits have effect."""
    if rule.status is not Status.CANARY:
        return np.full(len(rows), rule.status is Status.LIVE)
    accounts = zip(
        frame["tenant"].gather(rows).to_list(),
        frame["account_id"].gather(rows).to_list(),
        strict=True,
    )
    shares = [share_of(rule.id, *account) for account in accounts]
    return np.array(shares, np.int64) < rule.canary_percent


def _lists(found: Sequence[tuple[str, Ints]], rows: int) -> pl.Series:
    """Of each row the ids that were found for it, sorted."""
    ids = sorted({rule_id for rule_id, _ in found})
    numbers = [np.full(len(some), ids.index(rule_id)) for rule_id, some in found]
    places = np.concatenate([np.zeros(0, np.int64), *(some for _, some in found)])
    codes = np.concatenate([np.zeros(0, np.int64), *numbers])
    order = np.lexsort((codes, places))
    ends = np.cumsum(np.bincount(places, minlength=rows))
    offsets = np.append(0, ends).astype(np.int64)
    names = pl.Series(ids, dtype=pl.String).gather(codes[order])
    values = pa.array(names.to_list(), pa.large_string())
    return pl.Series(pa.LargeListArray.from_arrays(pa.array(offsets, pa.int64()), values))


@dataclass(frozen=True)
class _Screened:
    """A block or allow list as arrays; the last entry of a value is the one that counts."""

    kind: ListKind
    field: str
    numbers: Mapping[str, int]
    begins: Ints
    ends: Ints
    caps: Ints

    @classmethod
    def of(cls, found: EntityList) -> "_Screened":
        entries = list({entry.value: entry for entry in found.entries}.values())
        assert found.field is not None
        return cls(
            found.kind,
            found.field,
            {entry.value: number for number, entry in enumerate(entries)},
            _bounds([entry.valid_from_ms for entry in entries], _WHOLE_LOW),
            _bounds([entry.expires_at_ms for entry in entries], _WHOLE_HIGH),
            _bounds([entry.amount_minor_max for entry in entries], _WHOLE_HIGH),
        )

    def ask(self, frame: pl.DataFrame) -> tuple[Bools, Ints]:
        """Which rows have a value of the list, and the rows for which its entry applies."""
        values, named = frame[self.field], pl.Series(list(self.numbers), dtype=pl.String)
        is_named: Bools = values.is_in(named.implode()).fill_null(value=False).to_numpy()
        rows = np.flatnonzero(is_named)
        if not len(rows):
            return is_named, rows
        entry = np.array([self.numbers[value] for value in values.gather(rows)], np.int64)
        at = frame["occurred_at"].gather(rows).dt.epoch("ms").to_numpy()
        amount = frame["amount_minor"].gather(rows).to_numpy()
        applies = (self.begins[entry] <= at) & (at < self.ends[entry])
        return is_named, rows[applies & (amount <= self.caps[entry])]


def _bounds(found: Sequence[int | None], otherwise: int) -> Ints:
    return np.array([otherwise if item is None else item for item in found], np.int64)
