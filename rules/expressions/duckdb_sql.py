"""The tree as DuckDB SQL over a table with a column for each field and feature.

It is for people ("open as SQL") as much as for the engine. Instants of the transaction are
timestamps with a zone, those of features epoch milliseconds. Literals bear their type, because the
engine would take 0.1 for a decimal and 1 for a 32-bit number.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import assert_never

from rules.expressions import tree
from rules.expressions.kinds import Kind
from rules.model import ListEntry

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
Computed = tree.ToNumber | tree.Arithmetic | tree.Quotient | tree.Absolute | tree.PartOf
Tested = tree.OneOf | tree.Listed | tree.Like
_LIKE = {
    tree.Anchor.START: "starts_with",
    tree.Anchor.END: "ends_with",
    tree.Anchor.ANYWHERE: "contains",
}


@dataclass(frozen=True, slots=True)
class DuckdbSql:
    """Writes SQL; `lists` are the entries of the reference lists."""

    lists: Mapping[str, Sequence[ListEntry]] = field(default_factory=dict)

    def condition(self, condition: tree.Condition) -> str:
        """True, false, or null where it is unknown."""
        match condition:
            case tree.All(parts):
                return f"({' AND '.join(map(self.condition, parts))})"
            case tree.Any(parts):
                return f"({' OR '.join(map(self.condition, parts))})"
            case tree.Not(operand):
                return f"(NOT {self.condition(operand)})"
            case tree.IsNull(operand):
                return f"({self.value(operand)} IS NULL)"
            case tree.Compare(comparison, left, right):
                return f"({self.value(left)} {comparison} {self.value(right)})"
            case _:
                return self._test(condition, self.value(condition.operand))

    def _test(self, condition: Tested, value: str) -> str:
        match condition:
            case tree.OneOf(_, options):
                return f"({value} IN ({', '.join(map(literal, options))}))"
            case tree.Listed(_, list_id):
                return _listed(value, self.lists[list_id])
            case tree.Like(_, anchor, text):
                return f"{_LIKE[anchor]}({value}, {literal(text)})"
            case _:
                assert_never(condition)

    def value(self, value: tree.Value) -> str:
        """A value, null where it is not known."""
        match value:
            case tree.Literal(found):
                return literal(found)
            case tree.Field(name, kind):
                return f"epoch_ms({name})" if kind is Kind.INSTANT else name
            case tree.Feature(name):
                return f'"{name}"'  # It may be a word of the language.
            case tree.FirstKnown(options):
                return f"coalesce({', '.join(map(self.value, options))})"
            case _:
                return self._computed(value)

    def _computed(self, value: Computed) -> str:
        match value:
            case tree.ToNumber(operand):
                return f"{self.value(operand)}::DOUBLE"
            case tree.Arithmetic(operator, left, right):
                return f"({self.value(left)} {operator} {self.value(right)})"
            case tree.Quotient(dividend, divisor):
                by = self.value(divisor)
                is_divisor = f"abs({by}) >= {literal(tree.DIVISOR_MIN)}"
                return f"(CASE WHEN {is_divisor} THEN {self.value(dividend)} / {by} END)"
            case tree.Absolute(operand):
                return f"abs({self.value(operand)})"
            case tree.PartOf(part, operand):
                return _part(part, self.value(operand))
            case _:
                assert_never(value)


def literal(value: float | str) -> str:
    """A literal of its own type: a text, a 64-bit whole number, or a 64-bit float."""
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, int):
        return f"{value}::BIGINT" if value >= 0 else f"(-({-value}::BIGINT))"
    text = repr(abs(value))
    number = text if "e" in text else f"{text}e0"  # Without an exponent it is a decimal.
    return f"(-{number})" if str(value).startswith("-") else number


def _listed(value: str, entries: Sequence[ListEntry]) -> str:
    lasting = [literal(entry.value) for entry in entries if _validity(entry) == ""]
    tests = [f"{value} IN ({', '.join(lasting)})"] if lasting else []
    tests += [
        f"({value} = {literal(entry.value)}{_validity(entry)})"
        for entry in entries
        if _validity(entry)
    ]
    if not tests:
        return f"(CASE WHEN {value} IS NOT NULL THEN FALSE END)"
    return f"({' OR '.join(tests)})"


def _validity(entry: ListEntry) -> str:
    begins, ends = entry.valid_from_ms, entry.expires_at_ms
    return ("" if begins is None else f" AND epoch_ms(occurred_at) >= {begins}") + (
        "" if ends is None else f" AND epoch_ms(occurred_at) < {ends}"
    )


def _part(part: tree.Part, milliseconds: str) -> str:
    """Division cuts towards zero here, so what is left of the day is taken off first."""
    rest = f"((({milliseconds} % {DAY_MS}) + {DAY_MS}) % {DAY_MS})"
    match part:
        case tree.Part.HOUR:
            return f"({rest} // {HOUR_MS})"
        case tree.Part.WEEKDAY:
            days = f"(({milliseconds} - {rest}) // {DAY_MS})"
            return f"(((({days} + 3) % 7) + 7) % 7 + 1)"
