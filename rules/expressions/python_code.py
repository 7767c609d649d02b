"""The tree as Python: text made from the tree alone, with literals by `repr`.

Three-valued logic costs nothing here: a condition is asked whether it is true, or whether it is
false, and both questions are pushed down to the comparisons, which first ask whether their values
are known. Expressions are pure, so a question that was answered in a conjunction is not repeated.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, assert_never

from rules.expressions import tree
from rules.expressions.kinds import Kind
from rules.expressions.names import fields
from rules.instants import epoch_ms

OPPOSITES = {
    tree.Comparison.EQUAL: "!=",
    tree.Comparison.UNEQUAL: "==",
    tree.Comparison.LESS: ">=",
    tree.Comparison.LESS_OR_EQUAL: ">",
    tree.Comparison.GREATER: "<=",
    tree.Comparison.GREATER_OR_EQUAL: "<",
}
SYMBOLS = {tree.Comparison.EQUAL: "==", tree.Comparison.UNEQUAL: "!="}
Computed = tree.ToNumber | tree.Arithmetic | tree.Quotient | tree.Absolute | tree.PartOf
HOUR_MS, DAY_MS = 3_600_000, 86_400_000


@dataclass(frozen=True, slots=True)
class PythonCode:
    """Writes Python; features and lists are called by the names that the caller gives them."""

    features: Mapping[str, str] = field(default_factory=dict)
    lists: Mapping[str, str] = field(default_factory=dict)

    def true(self, condition: tree.Condition) -> str:
        """An expression that says whether the condition is true."""
        return conjunction(self._true(condition))

    def terms(self, condition: tree.Condition) -> tuple[str, ...]:
        """Expressions that are all true where the condition is, to be asked in this order."""
        return tuple(dict.fromkeys(self._true(condition)))

    def _true(self, condition: tree.Condition) -> list[str]:
        match condition:
            case tree.All(parts):
                return [term for part in parts for term in self._true(part)]
            case tree.Any(parts):
                return [_disjunction([self.true(part) for part in parts])]
            case tree.Not(operand):
                return self._false(operand)
            case tree.IsNull(operand):
                known = self.known(operand)
                return [f"not ({conjunction(known)})"] if known else ["False"]
            case _:
                return [*self._guards(condition), self._plain(condition)]

    def _false(self, condition: tree.Condition) -> list[str]:
        match condition:
            case tree.All(parts):
                return [_disjunction([conjunction(self._false(part)) for part in parts])]
            case tree.Any(parts):
                return [term for part in parts for term in self._false(part)]
            case tree.Not(operand):
                return self._true(operand)
            case tree.IsNull(operand):
                return self.known(operand) or ["True"]
            case tree.Compare(comparison, left, right):
                opposite = f"{self.value(left)} {OPPOSITES[comparison]} {self.value(right)}"
                return [*self.known(left), *self.known(right), opposite]
            case tree.OneOf() | tree.Listed() | tree.Like():
                return [*self._guards(condition), f"not {self._plain(condition)}"]
            case _:
                assert_never(condition)

    def _guards(self, condition: tree.Compare | tree.OneOf | tree.Listed | tree.Like) -> list[str]:
        if isinstance(condition, tree.Compare):
            return [*self.known(condition.left), *self.known(condition.right)]
        return self.known(condition.operand)

    def _plain(self, condition: tree.Compare | tree.OneOf | tree.Listed | tree.Like) -> str:
        match condition:
            case tree.Compare(comparison, left, right):
                symbol = SYMBOLS.get(comparison, str(comparison))
                return f"{self.value(left)} {symbol} {self.value(right)}"
            case tree.OneOf(operand, options):
                return f"({self.value(operand)} in {options!r})"
            case tree.Listed(operand, list_id):
                value, entries = self.value(operand), self.lists[list_id]
                return f"({value} in {entries} and is_valid({entries}[{value}], transaction))"
            case tree.Like(operand, anchor, text):
                return self._like(self.value(operand), anchor, text)

    def _like(self, value: str, anchor: tree.Anchor, text: str) -> str:
        match anchor:
            case tree.Anchor.START:
                return f"{value}.startswith({text!r})"
            case tree.Anchor.END:
                return f"{value}.endswith({text!r})"
            case tree.Anchor.ANYWHERE:
                return f"({text!r} in {value})"

    def value(self, value: tree.Value) -> str:
        """An expression for a value, right where it is known."""
        match value:
            case tree.Literal(literal):
                return repr(literal)
            case tree.Field(name, kind):
                # Few rules look at the clock, so the instant is only converted where one does.
                is_instant = kind is Kind.INSTANT
                return f"epoch_ms(transaction.{name})" if is_instant else f"t_{name}"
            case tree.Feature(name):
                return self.features[name]
            case tree.FirstKnown(options):
                return self._first_known(options)
            case _:
                return self._computed(value)

    def _computed(self, value: Computed) -> str:
        match value:
            case tree.ToNumber(operand):
                return f"float({self.value(operand)})"
            case tree.Arithmetic(operator, left, right):
                return f"({self.value(left)} {operator} {self.value(right)})"
            case tree.Quotient(dividend, divisor):
                return f"({self.value(dividend)} / {self.value(divisor)})"
            case tree.Absolute(operand):
                return f"abs({self.value(operand)})"
            case tree.PartOf(part, operand):
                return part_of(part, self.value(operand))
            case _:
                assert_never(value)

    def _first_known(self, options: Sequence[tree.Value]) -> str:
        *others, last = options
        code = self.value(last)
        for option in reversed(others):
            known = self.known(option)
            code = (
                f"({self.value(option)} if {conjunction(known)} else {code})"
                if known
                else (self.value(option))
            )
        return code

    def known(self, value: tree.Value) -> list[str]:
        """Expressions that are all true where the value is not null."""
        match value:
            case tree.Field(name, _, is_nullable):
                return [f"t_{name} is not None"] if is_nullable else []
            case tree.Feature(name):
                return [f"{self.features[name]} is not None"]
            case tree.Quotient(dividend, divisor):
                guards = [*self.known(dividend), *self.known(divisor)]
                return [*guards, *self._is_divisor(divisor)]
            case tree.FirstKnown(options):
                known = [self.known(option) for option in options]
                return (
                    [_disjunction([conjunction(guards) for guards in known])] if all(known) else []
                )
            case _:
                return [guard for part in tree.parts(value) for guard in self.known(part)]

    def _is_divisor(self, divisor: tree.Value) -> list[str]:
        if isinstance(divisor, tree.Literal) and not isinstance(divisor.value, str):
            return [] if abs(divisor.value) >= tree.DIVISOR_MIN else ["False"]
        return [f"abs({self.value(divisor)}) >= {tree.DIVISOR_MIN!r}"]


def part_of(part: tree.Part, value: str) -> str:
    """An expression for a part of an instant; arrays take it too."""
    match part:
        case tree.Part.HOUR:
            return f"({value} // {HOUR_MS} % 24)"
        case tree.Part.WEEKDAY:
            return f"(({value} // {DAY_MS} + 3) % 7 + 1)"


def conjunction(terms: Sequence[str]) -> str:
    """An expression that is true where all of them are."""
    return " and ".join(dict.fromkeys(terms)) or "True"


def _disjunction(terms: Sequence[str]) -> str:
    return "(" + " or ".join(f"({term})" for term in dict.fromkeys(terms)) + ")"


def loads(names: frozenset[str]) -> list[str]:
    """Statements that give the fields of `transaction` their local names; enums as plain text."""
    used = [name for name in sorted(names) if fields()[name].kind is not Kind.INSTANT]
    return [f"t_{name} = {_loaded(name)}" for name in used]


def _loaded(name: str) -> str:
    found = fields()[name]
    if not found.words:
        return f"transaction.{name}"
    # Comparing plain texts is three times as fast as comparing enum members with them.
    if not found.is_nullable:
        return f"transaction.{name}._value_"
    return f"None if transaction.{name} is None else transaction.{name}._value_"


def grouped(tests: Sequence[tuple[Sequence[str], str]]) -> list[str]:
    """Statements that run each action where its terms are true; a common first term once."""
    by_first: dict[str, list[tuple[Sequence[str], str]]] = {}
    for terms, action in tests:
        by_first.setdefault(terms[0], []).append((terms[1:], action))
    lines = []
    for first, others in by_first.items():
        lines.append(f"if {first}:")
        lines += [f"    if {conjunction(terms)}: {action}" for terms, action in others]
    return lines


def function_of(
    name: str, arguments: str, body: Sequence[str], known: Mapping[str, object]
) -> Callable[..., Any]:
    """Compile a function whose text was made by this module."""
    text = f"def {name}({arguments}):\n" + "\n".join(f"    {line}" for line in body)
    namespace: dict[str, Any] = {"epoch_ms": epoch_ms, **known}
    exec(compile(text, f"<{name}>", "exec"), namespace)  # noqa: S102  (made from the tree alone)
    function: Callable[..., Any] = namespace[name]
    return function
