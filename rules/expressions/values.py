"""Values of an expression: sqlglot's nodes become typed values of our tree, or mistakes."""

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite

from sqlglot import exp

from rules.expressions import tree
from rules.expressions.kinds import (
    NUMBER_MAX,
    NUMERIC_KINDS,
    WHOLE_KINDS,
    WHOLE_MAX,
    Kind,
    ValueType,
)
from rules.expressions.names import Names
from rules.expressions.typed import Typed, a_number, a_whole, as_number, bounds_of, kind_of
from rules.expressions.white_list import surplus
from rules.forms import UNITS_MS
from rules.mistakes import did_you_mean

UNIT_NAMES = {"MILLISECOND": "ms", "SECOND": "s", "MINUTE": "m", "HOUR": "h", "DAY": "d"}
FUNCTIONS = ("abs", "coalesce", "hour", "weekday")

OPERATORS: dict[type[exp.Expression], tree.Operator] = {
    exp.Add: tree.Operator.ADD,
    exp.Sub: tree.Operator.SUBTRACT,
    exp.Mul: tree.Operator.MULTIPLY,
}

Report = Callable[[int, str, str], None]


class Unreadable(Exception):
    """A part of the expression has a mistake, and it was reported."""


def offset_of(node: exp.Expression) -> int:
    """Where a node is written: the first place that its parts, or else those around, remember."""
    places = [part.meta["start"] for part in node.walk() if "start" in part.meta]
    if places or node.parent is None:
        return min(places, default=0)
    assert isinstance(node.parent, exp.Expression)
    return offset_of(node.parent)


@dataclass(frozen=True, slots=True)
class ValueReader:
    """Reads values; `report` gets the offset, the message and the mend of each mistake."""

    text: str
    names: Names
    report: Report

    def refuse(self, node: exp.Expression, message: str, hint: str = "") -> Unreadable:
        """Report a mistake and give what to raise."""
        self.report(offset_of(node), message, hint)
        return Unreadable(message)

    def read(self, node: exp.Expression) -> Typed:
        """Read a value, or raise `Unreadable`."""
        readers: dict[type[exp.Expression], Callable[[exp.Expression], Typed]] = {
            exp.Paren: lambda found: self.read(found.this),
            exp.Column: self._name,
            exp.Literal: self._literal,
            exp.Neg: self._negative,
            exp.Interval: self._interval,
            exp.Add: self._arithmetic,
            exp.Sub: self._arithmetic,
            exp.Mul: self._arithmetic,
            exp.Div: self._quotient,
            exp.Abs: self._absolute,
            exp.Coalesce: self._first_known,
            exp.Hour: self._part,
            exp.Anonymous: self._function,
        }
        reader = readers.get(type(node))
        if reader is None:
            raise self._unknown(node)
        self.check(node)
        return reader(node)

    def check(self, node: exp.Expression) -> None:
        """Refuse a node that says more than we read."""
        name = surplus(node)
        if name == "table":
            raise self.refuse(node, "names have no dot", f'write "{node.name}"')
        if name:
            message = f"{sql_name(node)} with {name.upper()} is not part of the rule language"
            raise self.refuse(node, message)

    def _unknown(self, node: exp.Expression) -> Unreadable:
        if isinstance(node, exp.Boolean | exp.Predicate | exp.Connector | exp.Not):
            return self.refuse(node, "a condition stands where a value is needed")
        if isinstance(node, exp.Null):
            return self.refuse(node, "null is no value", "write IS NULL or IS NOT NULL")
        if isinstance(node, exp.Func) and "start" in node.meta:
            name = self.written(node)
            return self.refuse(node, f'unknown function "{name}"', did_you_mean(name, FUNCTIONS))
        return self.refuse(node, f"{sql_name(node)} is not part of the rule language")

    def written(self, node: exp.Expression) -> str:
        """The word at a node's own place, as the author wrote it."""
        if "start" in node.meta:
            return self.text[node.meta["start"] : node.meta["end"] + 1].lower()
        return node.name

    def _name(self, node: exp.Expression) -> Typed:
        name = node.name
        found = self.names.type_of(name)
        if found is None:
            if name in self.names.broken:
                raise Unreadable
            if name in self.names.lists:
                raise self.refuse(node, f'"{name}" is a list', f"write field IN {name}")
            raise self.refuse(node, f'unknown field or feature "{name}"', self.names.hint(name))
        if name in self.names.features:
            return Typed(tree.Feature(name, found.kind), found)
        return Typed(tree.Field(name, found.kind, found.is_nullable), found)

    def _literal(self, node: exp.Expression) -> Typed:
        text = node.name
        if node.args["is_string"]:
            return Typed(tree.Literal(text, Kind.TEXT), ValueType(Kind.TEXT, is_nullable=False))
        if text.isdigit():
            return self._whole(node, int(text))
        try:
            number = float(text)
        except ValueError:
            raise self.refuse(node, f'not a number: "{text}"') from None
        if not isfinite(number) or abs(number) > NUMBER_MAX:
            raise self.refuse(node, f"the number {text} is too large")
        return a_number(number)

    def _whole(self, node: exp.Expression, value: int) -> Typed:
        if abs(value) > WHOLE_MAX:
            raise self.refuse(node, f"the number {value} is too large", "write it as a decimal")
        return a_whole(value)

    def _negative(self, node: exp.Expression) -> Typed:
        operand = self.read(node.this)
        if isinstance(operand.value, tree.Literal) and operand.type.kind in NUMERIC_KINDS:
            value = operand.value.value
            assert not isinstance(value, str)
            return a_whole(-value) if isinstance(value, int) else a_number(-value)
        if operand.type.kind not in {*NUMERIC_KINDS, Kind.DURATION}:
            raise self.refuse(node, f"{_a(operand.type)} has no negative")
        zero = ValueType(operand.type.kind, is_nullable=False)
        is_number = operand.type.kind is Kind.NUMBER
        nothing = Typed(tree.Literal(0.0 if is_number else 0, operand.type.kind), zero)
        return self._combined(node, tree.Operator.SUBTRACT, nothing, operand)

    def _interval(self, node: exp.Expression) -> Typed:
        amount, unit = node.this, node.args.get("unit")
        name = unit.name.upper().removesuffix("S") if isinstance(unit, exp.Var) else ""
        if name not in UNIT_NAMES or amount is None or not amount.name.isdigit():
            raise self.refuse(
                node, "this interval is not understood", "write INTERVAL '10 minutes'"
            )
        value = int(amount.name) * UNITS_MS[UNIT_NAMES[name]]
        return Typed(
            tree.Literal(value, Kind.DURATION),
            ValueType(Kind.DURATION, value, value, is_nullable=False),
        )

    def _arithmetic(self, node: exp.Expression) -> Typed:
        operator = OPERATORS[type(node)]
        left, right = self.both(node.this, node.expression)
        return self._combined(node, operator, left, right)

    def both(self, left: exp.Expression, right: exp.Expression) -> tuple[Typed, Typed]:
        """Read two values, so that the mistakes of both are reported."""
        found = self.all_of([left, right])
        return found[0], found[1]

    def all_of(self, nodes: list[exp.Expression]) -> list[Typed]:
        """Read some values, so that the mistakes of all are reported."""
        found = []
        for node in nodes:
            try:
                found.append(self.read(node))
            except Unreadable:
                continue
        if len(found) < len(nodes):
            raise Unreadable
        return found

    def _combined(
        self, node: exp.Expression, operator: tree.Operator, left: Typed, right: Typed
    ) -> Typed:
        kind = kind_of(operator, left.type.kind, right.type.kind)
        if kind is None:
            raise self.refuse(
                node, f"{_a(left.type)} {operator} {_a(right.type)} has no meaning", _MEND
            )
        low, high = bounds_of(operator, left.type, right.type)
        if kind is Kind.WHOLE and max(abs(low), abs(high)) > WHOLE_MAX:
            kind = Kind.NUMBER
        if kind is Kind.NUMBER:
            left, right = as_number(left), as_number(right)
        if max(abs(low), abs(high)) > (WHOLE_MAX if kind in WHOLE_KINDS else NUMBER_MAX):
            raise self.refuse(node, "the result can become too large")
        is_nullable = left.type.is_nullable or right.type.is_nullable
        return Typed(
            tree.Arithmetic(operator, left.value, right.value),
            ValueType(kind, low, high, is_nullable=is_nullable),
        )

    def _quotient(self, node: exp.Expression) -> Typed:
        left, right = self.both(node.this, node.expression)
        kinds = {left.type.kind, right.type.kind}
        if not (kinds <= NUMERIC_KINDS or kinds == {Kind.DURATION}):
            raise self.refuse(
                node, f"{_a(left.type)} / {_a(right.type)} has no meaning", "divide numbers"
            )
        if max(abs(right.type.low), abs(right.type.high)) < tree.DIVISOR_MIN:
            raise self.refuse(node, "division by zero")
        high = max(abs(left.type.low), abs(left.type.high)) / tree.DIVISOR_MIN
        if high > NUMBER_MAX:
            raise self.refuse(node, "the result can become too large")
        return Typed(
            tree.Quotient(as_number(left).value, as_number(right).value),
            ValueType(Kind.NUMBER, -high, high),
        )

    def _absolute(self, node: exp.Expression) -> Typed:
        operand = self.read(node.this)
        if operand.type.kind not in {*NUMERIC_KINDS, Kind.DURATION}:
            raise self.refuse(node, f"abs() of {_a(operand.type)} has no meaning")
        high = max(abs(operand.type.low), abs(operand.type.high))
        found = ValueType(operand.type.kind, 0, high, is_nullable=operand.type.is_nullable)
        return Typed(tree.Absolute(operand.value), found)

    def _first_known(self, node: exp.Expression) -> Typed:
        options = self.all_of([node.this, *node.expressions])
        kinds = {option.type.kind for option in options}
        if kinds == NUMERIC_KINDS:
            options = [as_number(option) for option in options]
        elif len(kinds) > 1:
            listed = " and ".join(sorted(kinds))
            raise self.refuse(node, f"coalesce() of {listed}", "give values of one kind")
        words = [option.type.words for option in options]
        found = ValueType(
            options[0].type.kind,
            min(option.type.low for option in options),
            max(option.type.high for option in options),
            tuple(sorted({word for some in words for word in some})) if all(words) else (),
            is_nullable=all(option.type.is_nullable for option in options),
        )
        return Typed(tree.FirstKnown(tuple(option.value for option in options)), found)

    def _part(self, node: exp.Expression, part: tree.Part = tree.Part.HOUR) -> Typed:
        operand = self.read(node.this if part is tree.Part.HOUR else node.expressions[0])
        if operand.type.kind is not Kind.INSTANT:
            raise self.refuse(node, f"{part}() needs an instant, not {_a(operand.type)}")
        low, high = (0, 23) if part is tree.Part.HOUR else (1, 7)
        found = ValueType(Kind.WHOLE, low, high, is_nullable=operand.type.is_nullable)
        return Typed(tree.PartOf(part, operand.value), found)

    def _function(self, node: exp.Expression) -> Typed:
        name = self.written(node)
        if name != "weekday":
            raise self.refuse(node, f'unknown function "{name}"', did_you_mean(name, FUNCTIONS))
        if len(node.expressions) != 1:
            raise self.refuse(node, "weekday() needs one instant", "write weekday(occurred_at)")
        return self._part(node, tree.Part.WEEKDAY)


_MEND = "numbers go with numbers, instants with durations"


def _a(found: ValueType) -> str:
    return f"an {found}" if str(found)[0] in "aeiou" else f"a {found}"


def sql_name(node: exp.Expression) -> str:
    """A node's type in capitals, as SQL has its words."""
    return type(node).__name__.upper()
