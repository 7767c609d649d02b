"""Conditions of an expression: parsed by sqlglot, let through by a white list, and typed."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, TokenError

from rules.expressions import tree
from rules.expressions.kinds import NUMERIC_KINDS, Kind, ValueType
from rules.expressions.names import Names
from rules.expressions.typed import Typed, as_instant, as_number, foregone
from rules.expressions.values import Report, Unreadable, ValueReader, sql_name
from rules.mistakes import did_you_mean, use_one_of

CHARACTERS_MAX = 4_000
DIALECT = "duckdb"
REMEMBERED_MAX = 4_096  # A rule set is read more than once while it is taken up.

Reader = Callable[[exp.Expression], tree.Condition]

COMPARISONS: dict[type[exp.Expression], tree.Comparison] = {
    exp.EQ: tree.Comparison.EQUAL,
    exp.NEQ: tree.Comparison.UNEQUAL,
    exp.LT: tree.Comparison.LESS,
    exp.LTE: tree.Comparison.LESS_OR_EQUAL,
    exp.GT: tree.Comparison.GREATER,
    exp.GTE: tree.Comparison.GREATER_OR_EQUAL,
}


class WrongExpression(ValueError):
    """A condition that should have been checked before is wrong."""


def condition_of(text: str, names: Names) -> tree.Condition:
    """Read a condition that was checked before, or raise `WrongExpression`.

    Only its form and its types are asked about: what lint learns to complain of later must not
    keep a rule set that stands in the log from being read again.
    """
    found: list[str] = []

    def note(_offset: int, message: str, _hint: str) -> None:
        found.append(message)

    condition = read_condition(text, names, note, is_strict=False)
    if condition is None:
        raise WrongExpression(f"{found[0]} in: {text}")
    return condition


def read_condition(
    text: str, names: Names, report: Report, *, is_strict: bool = True
) -> tree.Condition | None:
    """Read a condition; None where it has a mistake, which `report` was given."""
    if len(text) > CHARACTERS_MAX:
        report(0, f"longer than {CHARACTERS_MAX} characters", "split the rule")
        return None
    try:
        parsed = _parsed(text, report)
        reader = ConditionReader(text, names, report, is_strict)
        return None if parsed is None else reader.read(parsed)
    except Unreadable:
        return None
    except RecursionError:
        report(0, "nested too deeply", "split the rule")
        return None


@lru_cache(REMEMBERED_MAX)
def _parse(text: str) -> exp.Expr:
    """What the parser makes of it; whoever reads it changes nothing."""
    return sqlglot.parse_one(text, dialect=DIALECT)


def _parsed(text: str, report: Report) -> exp.Expression | None:
    try:
        parsed = _parse(text)
    except ParseError as error:
        _report_parse_error(text, error, report)
    except TokenError:
        report(max(text.rfind("'"), 0), "a quote or comment is not closed", "")
    else:
        assert isinstance(parsed, exp.Expression)
        return parsed
    return None


def _report_parse_error(text: str, error: ParseError, report: Report) -> None:
    details = error.errors[0] if error.errors else {}
    word = str(details.get("highlight") or "").strip()
    lines = text.splitlines(keepends=True)
    before = sum(map(len, lines[: int(details.get("line") or 1) - 1]))
    offset = max(before + int(details.get("col") or 1) - max(len(word), 1), 0)
    near = f' near "{word}"' if word else ""
    hint = "something is missing after it" if "missing" in str(error) else ""
    report(offset, f"the expression cannot be read{near}", hint)


@dataclass(frozen=True, slots=True)
class ConditionReader:
    """Reads conditions; `report` gets the offset, the message and the mend of each mistake."""

    text: str
    names: Names
    report: Report
    is_strict: bool = True

    @property
    def values(self) -> ValueReader:
        """The reader of the values inside."""
        return ValueReader(self.text, self.names, self.report)

    def complain(self, node: exp.Expression, message: str, hint: str = "") -> None:
        """Refuse what is understood, but cannot be meant; not where it was accepted before."""
        if self.is_strict:
            raise self.values.refuse(node, message, hint)

    def read(self, node: exp.Expression) -> tree.Condition:
        """Read a condition, or raise `Unreadable`."""
        readers: dict[type[exp.Expression], Reader] = {
            exp.Paren: lambda found: self.read(found.this),
            exp.Not: lambda found: tree.Not(self.read(found.this)),
            exp.And: lambda found: tree.All(self._parts(found)),
            exp.Or: lambda found: tree.Any(self._parts(found)),
            exp.Is: self._is_null,
            exp.In: self._in,
            exp.Between: self._between,
            exp.Like: self._like,
        }
        reader = self._compare if type(node) in COMPARISONS else readers.get(type(node))
        if reader is None:
            raise self._unknown(node)
        self.values.check(node)
        found = reader(node)
        return tree.Not(found) if node.args.get("negate") else found

    def _unknown(self, node: exp.Expression) -> Unreadable:
        if isinstance(node, exp.Block):
            return self.values.refuse(node, "more than one expression", _JOIN)
        if isinstance(node, exp.Alias):
            word = node.args["alias"]
            return self.values.refuse(word, f'"{node.alias}" is one word too many', _JOIN)
        if isinstance(node, exp.Boolean):
            return self.values.refuse(node, "true and false alone say nothing")
        if isinstance(node, exp.Column | exp.Literal | exp.Binary | exp.Neg | exp.Func):
            self.values.read(node)
            return self.values.refuse(node, "a value stands where a condition is needed", _MEND)
        return self.values.refuse(node, f"{sql_name(node)} is not part of the rule language")

    def _parts(self, node: exp.Expression) -> tuple[tree.Condition, ...]:
        found, has_mistake = [], False
        for part in node.flatten(unnest=False):
            assert isinstance(part, exp.Expression)
            try:
                found.append(self.read(part))
            except Unreadable:
                has_mistake = True
        if has_mistake:
            raise Unreadable
        return tuple(found)

    def _compare(self, node: exp.Expression) -> tree.Condition:
        left, right, comparison = self._sides(node)
        word = foregone(comparison, left.type, right.type)
        if word is not None:
            message = f"this is {word} true, {_range(left.type)} beside {_range(right.type)}"
            self.complain(node, message, "compare with a value that can occur")
        return tree.Compare(comparison, left.value, right.value)

    def _sides(self, node: exp.Expression) -> tuple[Typed, Typed, tree.Comparison]:
        left, right = self.values.both(node.this, node.expression)
        comparison = COMPARISONS[type(node)]
        left, right = self._alike(node, left, right), self._alike(node, right, left)
        if left.type.kind is Kind.TEXT and comparison not in _TEXT_COMPARISONS:
            raise self.values.refuse(node, "texts have no order", "use = or <>")
        return left, right, comparison

    def _alike(self, node: exp.Expression, found: Typed, other: Typed) -> Typed:
        """The value in the representation in which it can stand beside the other."""
        kind, other_kind = found.type.kind, other.type.kind
        if {kind, other_kind} == NUMERIC_KINDS:
            return as_number(found)
        if kind is Kind.TEXT and other_kind is Kind.INSTANT:
            return self._instant(node, found)
        if (kind, other_kind) == (Kind.INSTANT, Kind.TEXT):
            return found
        if kind is not other_kind:
            raise self.values.refuse(node, f"{_shown(found)} is compared with {_shown(other)}")
        if kind is Kind.TEXT:
            self._check_words(node, found, other)
        return found

    def _instant(self, node: exp.Expression, found: Typed) -> Typed:
        if isinstance(found.value, tree.Literal):
            instant = as_instant(found)
            if instant is not None:
                return instant
        raise self.values.refuse(
            node, f"{_shown(found)} is no instant", "write '2026-03-01T00:00:00Z'"
        )

    def _check_words(self, node: exp.Expression, found: Typed, other: Typed) -> None:
        words = other.type.words
        if isinstance(found.value, tree.Literal):
            self._check_text(node, str(found.value.value), other)
        elif words and found.type.words and not set(words) & set(found.type.words):
            self.complain(node, f"{_shown(found)} and {_shown(other)} are never equal")

    def _check_text(self, node: exp.Expression, text: str, other: Typed) -> None:
        words, length = other.type.words, other.type.length
        message, literal = f"{_shown(other)} is never '{text}'", _literal_in(node, text)
        if words and text not in words:
            self.complain(literal, message, did_you_mean(text, words) or use_one_of(words))
        elif length is not None and len(text) != length:
            self.complain(literal, message, f"it has {length} characters")

    def _is_null(self, node: exp.Expression) -> tree.Condition:
        if not isinstance(node.expression, exp.Null):
            raise self.values.refuse(node, "IS is only for NULL", "write IS NULL or IS NOT NULL")
        operand = self.values.read(node.this)
        if not operand.type.is_nullable:
            self.complain(node, f"{_shown(operand)} is never null")
        return tree.IsNull(operand.value)

    def _in(self, node: exp.Expression) -> tree.Condition:
        operand = self.values.read(node.this)
        if node.args.get("field") is not None:
            return self._listed(node, operand)
        if not node.expressions:
            raise self.values.refuse(node, "IN needs values", "write IN ('a', 'b') or IN a_list")
        options = [self._option(item, operand) for item in node.expressions]
        if any(option.kind is Kind.NUMBER for option in options):
            numbers = tuple(float(option.value) for option in options)
            return tree.OneOf(as_number(operand).value, tuple(dict.fromkeys(numbers)))
        return tree.OneOf(operand.value, tuple(dict.fromkeys(option.value for option in options)))

    def _option(self, node: exp.Expression, operand: Typed) -> tree.Literal:
        if isinstance(node, exp.Column) and node.name in self.names.lists:
            raise self.values.refuse(
                node, f'"{node.name}" is a list', f"write IN {node.name} without brackets"
            )
        option = self._alike(node, self.values.read(node), operand)
        if not isinstance(option.value, tree.Literal):
            raise self.values.refuse(node, "IN takes plain values", "write = and OR for fields")
        return option.value

    def _listed(self, node: exp.Expression, operand: Typed) -> tree.Condition:
        found = node.args["field"]
        name = found.name
        if name not in self.names.lists:
            hint = did_you_mean(name, self.names.lists) or "make it in lists/"
            raise self.values.refuse(found, f'unknown list "{name}"', hint)
        if operand.type.kind is not Kind.TEXT:
            raise self.values.refuse(node, f"lists hold texts, {_shown(operand)} is none")
        return tree.Listed(operand.value, name)

    def _between(self, node: exp.Expression) -> tree.Condition:
        operand = node.this
        low = exp.GTE(this=operand, expression=node.args["low"])
        high = exp.LTE(this=operand, expression=node.args["high"])
        found, lowest, at_least = self._sides(low)
        _, highest, at_most = self._sides(high)
        if lowest.type.low > highest.type.high:
            self.complain(node, "this is never true", "write the lower bound first")
        return tree.All(
            (
                tree.Compare(at_least, found.value, lowest.value),
                tree.Compare(at_most, found.value, highest.value),
            )
        )

    def _like(self, node: exp.Expression) -> tree.Condition:
        operand = self.values.read(node.this)
        pattern = node.expression
        if operand.type.kind is not Kind.TEXT or not isinstance(pattern, exp.Literal):
            raise self.values.refuse(node, "LIKE compares a text with a pattern", _LIKE)
        anchor, text = _anchored(pattern.name)
        if not text or "%" in text or "_" in text:
            raise self.values.refuse(pattern, "this pattern is not understood", _LIKE)
        return tree.Like(operand.value, anchor, text)


_JOIN = "join conditions with AND or OR"
_MEND = "compare it with something"
_LIKE = "write LIKE 'begin%', '%end' or '%middle%', without _"
_TEXT_COMPARISONS = {tree.Comparison.EQUAL, tree.Comparison.UNEQUAL}


def _range(found: ValueType) -> str:
    if found.low == found.high:
        return f"{found.low:,}"
    return f"{found.low:,} to {found.high:,}"


def _shown(found: Typed) -> str:
    value = found.value
    if isinstance(value, tree.Field | tree.Feature):
        return f'"{value.name}" ({_described(found.type)})'
    return f"a {_described(found.type)}" if found.type.kind is not Kind.INSTANT else "an instant"


def _described(found: ValueType) -> str:
    return str(found)


def _literal_in(node: exp.Expression, text: str) -> exp.Expression:
    literals = [item for item in node.find_all(exp.Literal) if item.name == text]
    return literals[0] if literals else node


def _anchored(pattern: str) -> tuple[tree.Anchor, str]:
    inner = pattern.strip("%")
    if pattern.startswith("%") and pattern.endswith("%"):
        return tree.Anchor.ANYWHERE, inner
    if pattern.startswith("%"):
        return tree.Anchor.END, pattern[1:]
    if pattern.endswith("%"):
        return tree.Anchor.START, pattern[:-1]
    return tree.Anchor.START, ""
