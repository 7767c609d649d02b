"""The tree as a Polars expression over a frame with a column for each field and feature.

Instants of the transaction are date-times, those of features epoch milliseconds, texts are strings.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import and_, or_
from typing import assert_never

import polars as pl

from rules.expressions import tree
from rules.expressions.kinds import WHOLE_KINDS, Kind
from rules.model import ListEntry

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
Computed = tree.ToNumber | tree.Arithmetic | tree.Quotient | tree.Absolute | tree.PartOf
Tested = tree.OneOf | tree.Listed | tree.Like


def dtype_of(kind: Kind) -> pl.DataType:
    """The type of a column that holds values of a kind."""
    if kind in WHOLE_KINDS:
        return pl.Int64()
    return pl.Float64() if kind is Kind.NUMBER else pl.String()


@dataclass(frozen=True, slots=True)
class PolarsCode:
    """Makes expressions; `lists` are the entries of the reference lists."""

    lists: Mapping[str, Sequence[ListEntry]] = field(default_factory=dict)

    def condition(self, condition: tree.Condition) -> pl.Expr:
        """True, false, or null where it is unknown."""
        match condition:
            case tree.All(parts):
                return reduce(and_, map(self.condition, parts))
            case tree.Any(parts):
                return reduce(or_, map(self.condition, parts))
            case tree.Not(operand):
                return ~self.condition(operand)
            case tree.IsNull(operand):
                return self.value(operand).is_null()
            case tree.Compare(comparison, left, right):
                return _compared(comparison, self.value(left), self.value(right))
            case _:
                value = self.value(condition.operand)
                is_true = self._test(condition, value)
                return pl.when(value.is_not_null()).then(is_true)

    def _test(self, condition: Tested, value: pl.Expr) -> pl.Expr:
        match condition:
            case tree.OneOf(_, options):
                return _any([value == option for option in options])
            case tree.Listed(_, list_id):
                return _listed(value, self.lists[list_id])
            case tree.Like(_, anchor, text):
                return _like(value, anchor, text)
            case _:
                assert_never(condition)

    def value(self, value: tree.Value) -> pl.Expr:
        """A value, null where it is not known."""
        match value:
            case tree.Literal(literal, kind):
                return pl.lit(literal, dtype=dtype_of(kind))
            case tree.Field(name, kind):
                column = pl.col(name)
                return column.dt.epoch("ms") if kind is Kind.INSTANT else column
            case tree.Feature(name):
                return pl.col(name)
            case tree.FirstKnown(options):
                return _first_known([self.value(option) for option in options])
            case _:
                return self._computed(value)

    def _computed(self, value: Computed) -> pl.Expr:
        match value:
            case tree.ToNumber(operand):
                return self.value(operand).cast(pl.Float64)
            case tree.Arithmetic(operator, left, right):
                return _arithmetic(operator, self.value(left), self.value(right))
            case tree.Quotient(dividend, divisor):
                by = self.value(divisor)
                return pl.when(by.abs() >= tree.DIVISOR_MIN).then(self.value(dividend) / by)
            case tree.Absolute(operand):
                return self.value(operand).abs()
            case tree.PartOf(part, operand):
                return _part(part, self.value(operand))
            case _:
                assert_never(value)


def _first_known(options: Sequence[pl.Expr]) -> pl.Expr:
    # Not `coalesce`: with a literal first, it loses the frame's height beside another literal.
    *before, found = options
    for option in reversed(before):
        found = pl.when(option.is_not_null()).then(option).otherwise(found)
    return found


def _any(tests: Sequence[pl.Expr]) -> pl.Expr:
    return reduce(or_, tests) if tests else pl.lit(value=False)


def _compared(comparison: tree.Comparison, left: pl.Expr, right: pl.Expr) -> pl.Expr:
    match comparison:
        case tree.Comparison.EQUAL:
            return left == right
        case tree.Comparison.UNEQUAL:
            return left != right
        case tree.Comparison.LESS:
            return left < right
        case tree.Comparison.LESS_OR_EQUAL:
            return left <= right
        case tree.Comparison.GREATER:
            return left > right
        case tree.Comparison.GREATER_OR_EQUAL:
            return left >= right


def _arithmetic(operator: tree.Operator, left: pl.Expr, right: pl.Expr) -> pl.Expr:
    match operator:
        case tree.Operator.ADD:
            return left + right
        case tree.Operator.SUBTRACT:
            return left - right
        case tree.Operator.MULTIPLY:
            return left * right


def _listed(value: pl.Expr, entries: Sequence[ListEntry]) -> pl.Expr:
    lasting = [entry.value for entry in entries if is_lasting(entry)]
    others = [entry for entry in entries if not is_lasting(entry)]
    known = [value.is_in(lasting)] if lasting else []
    return _any([*known, *((value == item.value) & valid(item) for item in others)])


def is_lasting(entry: ListEntry) -> bool:
    """Whether an entry counts at any time."""
    return entry.valid_from_ms is None and entry.expires_at_ms is None


def valid(entry: ListEntry) -> pl.Expr:
    """Whether an entry counts when the transaction occurs."""
    at, found = pl.col("occurred_at").dt.epoch("ms"), pl.lit(value=True)
    if entry.valid_from_ms is not None:
        found &= at >= entry.valid_from_ms
    if entry.expires_at_ms is not None:
        found &= at < entry.expires_at_ms
    return found


def _like(value: pl.Expr, anchor: tree.Anchor, text: str) -> pl.Expr:
    match anchor:
        case tree.Anchor.START:
            return value.str.starts_with(text)
        case tree.Anchor.END:
            return value.str.ends_with(text)
        case tree.Anchor.ANYWHERE:
            return value.str.contains(text, literal=True)


def _part(part: tree.Part, milliseconds: pl.Expr) -> pl.Expr:
    match part:
        case tree.Part.HOUR:
            return milliseconds // HOUR_MS % 24
        case tree.Part.WEEKDAY:
            return (milliseconds // DAY_MS + 3) % 7 + 1
