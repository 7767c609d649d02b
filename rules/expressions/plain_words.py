"""The tree in plain words, for people who read no SQL."""

from collections.abc import Sequence
from typing import assert_never

from rules.expressions import tree
from rules.expressions.kinds import Kind
from rules.forms import duration_text
from rules.instants import from_epoch_ms

Test = tree.Compare | tree.IsNull | tree.OneOf | tree.Listed | tree.Like

COMPARISONS = {
    tree.Comparison.EQUAL: "is",
    tree.Comparison.UNEQUAL: "is known and not",
    tree.Comparison.LESS: "is less than",
    tree.Comparison.LESS_OR_EQUAL: "is at most",
    tree.Comparison.GREATER: "is more than",
    tree.Comparison.GREATER_OR_EQUAL: "is at least",
}
OPERATORS = {
    tree.Operator.ADD: "plus",
    tree.Operator.SUBTRACT: "minus",
    tree.Operator.MULTIPLY: "times",
}
ANCHORS = {
    tree.Anchor.START: "begins with",
    tree.Anchor.END: "ends with",
    tree.Anchor.ANYWHERE: "holds",
}
PARTS = {tree.Part.HOUR: "the hour (UTC) of", tree.Part.WEEKDAY: "the weekday (Monday is 1) of"}


def condition_in_words(condition: tree.Condition) -> str:
    """A clause such as "type is card_payment and amount_minor is at least 1,000"."""
    match condition:
        case tree.All(parts):
            return " and ".join(_inner(part) for part in parts)
        case tree.Any(parts):
            return " or ".join(_inner(part) for part in parts)
        case tree.Not(tree.IsNull(operand)):
            return f"{value_in_words(operand)} is known"
        case tree.Not(operand):
            return f"it is false that {_inner(operand)}"
        case _:
            return _test_in_words(condition)


def _test_in_words(condition: Test) -> str:
    match condition:
        case tree.Compare(comparison, left, right):
            return f"{value_in_words(left)} {COMPARISONS[comparison]} {value_in_words(right)}"
        case tree.IsNull(operand):
            return f"{value_in_words(operand)} is unknown"
        case tree.OneOf(operand, options):
            return f"{value_in_words(operand)} is {_one_of(options)}"
        case tree.Listed(operand, list_id):
            return f"{value_in_words(operand)} is on the list {list_id}"
        case tree.Like(operand, anchor, text):
            return f'{value_in_words(operand)} {ANCHORS[anchor]} "{text}"'
        case _:
            assert_never(condition)


def _inner(condition: tree.Condition) -> str:
    words = condition_in_words(condition)
    return f"({words})" if isinstance(condition, tree.All | tree.Any) else words


def _one_of(options: Sequence[int | float | str]) -> str:
    *others, last = (number_in_words(option) for option in options)
    return f"{', '.join(others)} or {last}" if others else last


def number_in_words(value: float | str) -> str:
    """A number with its thousands apart; texts as they are."""
    if isinstance(value, str):
        return value
    return f"{int(value) if value == int(value) else value:,}"


def value_in_words(value: tree.Value) -> str:
    """A phrase for a value."""
    match value:
        case tree.Literal():
            return _literal(value)
        case tree.Field(name) | tree.Feature(name):
            return name
        case tree.ToNumber(operand):
            return value_in_words(operand)
        case tree.FirstKnown(options):
            listed = ", ".join(value_in_words(option) for option in options)
            return f"the first that is known of {listed}"
        case _:
            return _computed(value)


def _computed(value: tree.Arithmetic | tree.Quotient | tree.Absolute | tree.PartOf) -> str:
    match value:
        case tree.Arithmetic(operator, left, right):
            return f"{value_in_words(left)} {OPERATORS[operator]} {value_in_words(right)}"
        case tree.Quotient(dividend, divisor):
            return f"{value_in_words(dividend)} divided by {value_in_words(divisor)}"
        case tree.Absolute(operand):
            return f"the size of {value_in_words(operand)}"
        case tree.PartOf(part, operand):
            return f"{PARTS[part]} {value_in_words(operand)}"
        case _:
            assert_never(value)


def _literal(literal: tree.Literal) -> str:
    value = literal.value
    if isinstance(value, str):
        return value
    if literal.kind is Kind.INSTANT:
        return f"{from_epoch_ms(int(value)):%Y-%m-%d %H:%M} UTC"
    if literal.kind is Kind.DURATION:
        return duration_text(int(value))
    return number_in_words(value)
