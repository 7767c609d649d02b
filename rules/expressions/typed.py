"""Typed values: what two of them make together, and how one becomes another kind."""

from dataclasses import dataclass
from datetime import datetime

from rules.expressions import tree
from rules.expressions.kinds import (
    INSTANT_HIGH_MS,
    INSTANT_LOW_MS,
    NUMERIC_KINDS,
    Kind,
    ValueType,
)
from rules.instants import epoch_ms


@dataclass(frozen=True, slots=True)
class Typed:
    """A value of the tree with its type."""

    value: tree.Value
    type: ValueType


def a_whole(value: int) -> Typed:
    """A whole number that stands in the expression."""
    found = ValueType(Kind.WHOLE, value, value, is_nullable=False)
    return Typed(tree.Literal(value, Kind.WHOLE), found)


def a_number(value: float) -> Typed:
    """A number that stands in the expression."""
    found = ValueType(Kind.NUMBER, value, value, is_nullable=False)
    return Typed(tree.Literal(value, Kind.NUMBER), found)


def as_number(found: Typed) -> Typed:
    """The value as a 64-bit float."""
    kind = found.type.kind
    if kind is Kind.NUMBER:
        return found
    if isinstance(found.value, tree.Literal) and not isinstance(found.value.value, str):
        return a_number(float(found.value.value))
    low, high = float(found.type.low), float(found.type.high)
    as_type = ValueType(Kind.NUMBER, low, high, is_nullable=found.type.is_nullable)
    return Typed(tree.ToNumber(found.value), as_type)


def as_instant(found: Typed) -> Typed | None:
    """A text such as '2026-03-01T00:00:00Z' as an instant; None where it is none."""
    assert isinstance(found.value, tree.Literal)
    try:
        instant = datetime.fromisoformat(str(found.value.value))
    except ValueError:
        return None
    if instant.tzinfo is None:
        return None
    value = epoch_ms(instant)
    if not INSTANT_LOW_MS <= value <= INSTANT_HIGH_MS:
        return None
    as_type = ValueType(Kind.INSTANT, value, value, is_nullable=False)
    return Typed(tree.Literal(value, Kind.INSTANT), as_type)


def kind_of(operator: tree.Operator, left: Kind, right: Kind) -> Kind | None:
    """What two kinds make together; None where they do not go together."""
    if {left, right} <= NUMERIC_KINDS:
        return Kind.WHOLE if left is right is Kind.WHOLE else Kind.NUMBER
    return _KINDS.get((operator, left, right))


_KINDS = {
    (tree.Operator.SUBTRACT, Kind.INSTANT, Kind.INSTANT): Kind.DURATION,
    (tree.Operator.SUBTRACT, Kind.INSTANT, Kind.DURATION): Kind.INSTANT,
    (tree.Operator.ADD, Kind.INSTANT, Kind.DURATION): Kind.INSTANT,
    (tree.Operator.ADD, Kind.DURATION, Kind.DURATION): Kind.DURATION,
    (tree.Operator.SUBTRACT, Kind.DURATION, Kind.DURATION): Kind.DURATION,
    (tree.Operator.MULTIPLY, Kind.DURATION, Kind.WHOLE): Kind.DURATION,
    (tree.Operator.MULTIPLY, Kind.WHOLE, Kind.DURATION): Kind.DURATION,
}


def bounds_of(
    operator: tree.Operator, left: ValueType, right: ValueType
) -> tuple[int | float, int | float]:
    """The least and the most that the result can be."""
    match operator:
        case tree.Operator.ADD:
            return left.low + right.low, left.high + right.high
        case tree.Operator.SUBTRACT:
            return left.low - right.high, left.high - right.low
        case tree.Operator.MULTIPLY:
            corners = [x * y for x in (left.low, left.high) for y in (right.low, right.high)]
            return min(corners), max(corners)


def foregone(comparison: tree.Comparison, left: ValueType, right: ValueType) -> str | None:
    """Whether the bounds alone make it "always" or "never" true, where both are known."""
    if left.kind is Kind.TEXT:
        return None
    can_be_true, can_be_false = _possible(comparison, left, right)
    if not can_be_true:
        return "never"
    return None if can_be_false else "always"


def _possible(comparison: tree.Comparison, left: ValueType, right: ValueType) -> tuple[bool, bool]:
    can_meet = left.low <= right.high and right.low <= left.high
    can_differ = not (can_meet and left.low == left.high and right.low == right.high)
    match comparison:
        case tree.Comparison.EQUAL:
            return can_meet, can_differ
        case tree.Comparison.UNEQUAL:
            return can_differ, can_meet
        case tree.Comparison.LESS:
            return left.low < right.high, left.high >= right.low
        case tree.Comparison.LESS_OR_EQUAL:
            return left.low <= right.high, left.high > right.low
        case tree.Comparison.GREATER:
            return _possible(tree.Comparison.LESS, right, left)
        case tree.Comparison.GREATER_OR_EQUAL:
            return _possible(tree.Comparison.LESS_OR_EQUAL, right, left)
