"""The tree as text of the rule language: `condition_of` reads the same tree out of it again."""

from decimal import Decimal
from typing import assert_never

from rules.expressions import tree
from rules.expressions.kinds import Kind
from rules.instants import from_epoch_ms


def condition_text(condition: tree.Condition) -> str:
    """A condition in one line."""
    match condition:
        case tree.All(parts):
            return " AND ".join(_part(part) for part in parts)
        case tree.Any(parts):
            return " OR ".join(_part(part) for part in parts)
        case tree.Not(tree.IsNull() | tree.OneOf() | tree.Listed() | tree.Like() as operand):
            return _test(operand, " NOT")
        case tree.Not(operand):
            return f"NOT ({condition_text(operand)})"
        case tree.Compare(comparison, left, right):
            return f"{value_text(left)} {comparison} {value_text(right)}"
        case _:
            return _test(condition, "")


def _part(part: tree.Condition) -> str:
    text = condition_text(part)
    return f"({text})" if isinstance(part, tree.All | tree.Any) else text


def _test(condition: tree.IsNull | tree.OneOf | tree.Listed | tree.Like, negation: str) -> str:
    value = value_text(condition.operand)
    match condition:
        case tree.IsNull():
            return f"{value} IS{negation} NULL"
        case tree.OneOf(operand, options):
            listed = ", ".join(_literal(option, _kind_of(operand)) for option in options)
            return f"{value}{negation} IN ({listed})"
        case tree.Listed(_, list_id):
            return f"{value}{negation} IN {list_id}"
        case tree.Like(_, anchor, text):
            return f"{value}{negation} LIKE {_quoted(_pattern(anchor, text))}"
        case _:
            assert_never(condition)


def _pattern(anchor: tree.Anchor, text: str) -> str:
    before = "" if anchor is tree.Anchor.START else "%"
    return f"{before}{text}{'' if anchor is tree.Anchor.END else '%'}"


def _kind_of(value: tree.Value) -> Kind | None:
    return value.kind if isinstance(value, tree.Field | tree.Feature) else None


def value_text(value: tree.Value) -> str:
    """A value in one line."""
    match value:
        case tree.Literal(literal, kind):
            return _literal(literal, kind)
        case tree.Field(name) | tree.Feature(name):
            return name
        case tree.ToNumber(operand):
            return value_text(operand)
        case _:
            return _computed(value)


def _computed(
    value: tree.Arithmetic | tree.Quotient | tree.Absolute | tree.FirstKnown | tree.PartOf,
) -> str:
    match value:
        case tree.Arithmetic(operator, left, right):
            return f"{_operand(left)} {operator} {_operand(right)}"
        case tree.Quotient(dividend, divisor):
            return f"{_operand(dividend)} / {_operand(divisor)}"
        case tree.Absolute(operand):
            return f"abs({value_text(operand)})"
        case tree.FirstKnown(options):
            return f"coalesce({', '.join(map(value_text, options))})"
        case tree.PartOf(part, operand):
            return f"{part}({value_text(operand)})"


def _operand(value: tree.Value) -> str:
    """A value inside arithmetic: what is itself a sum, or negative, in brackets."""
    if isinstance(value, tree.ToNumber):
        return _operand(value.operand)
    text = value_text(value)
    is_sum = isinstance(value, tree.Arithmetic | tree.Quotient)
    return f"({text})" if is_sum or text.startswith("-") else text


def _literal(value: float | str, kind: Kind | None) -> str:
    if isinstance(value, str):
        return _quoted(value)
    if kind is Kind.INSTANT:
        return f"'{from_epoch_ms(int(value)).isoformat(timespec='milliseconds')}'"
    if kind is Kind.DURATION:
        return f"INTERVAL '{value} milliseconds'"
    return str(value) if isinstance(value, int) else _decimal(value)


def _decimal(value: float) -> str:
    text = format(Decimal(repr(value)), "f")
    return text if "." in text else f"{text}.0"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
