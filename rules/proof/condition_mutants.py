"""Mutants of a condition: each one slip of the pen, with the test that would notice it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from rules.expressions import tree
from rules.expressions.kinds import Kind
from rules.expressions.normal import OPPOSITES
from rules.expressions.plain_words import value_in_words
from rules.expressions.rule_text import condition_text

SMALL_STEP, STEP = 0.01, 0.1  # Of a number up to one, and of a larger one.
DAY_MS = 86_400_000
TEXT_COMPARISONS = (tree.Comparison.EQUAL, tree.Comparison.UNEQUAL)
OTHER_OPERATORS = {
    tree.Operator.ADD: tree.Operator.SUBTRACT,
    tree.Operator.SUBTRACT: tree.Operator.ADD,
    tree.Operator.MULTIPLY: tree.Operator.ADD,
}


@dataclass(frozen=True, slots=True)
class Change:
    """A condition with one slip: what became of what, and a test that would notice."""

    condition: tree.Condition
    what: str
    killer: str


def changes_of(condition: tree.Condition) -> Iterator[Change]:
    """Every slip that is tried, the outermost first."""
    match condition:
        case tree.All() | tree.Any():
            yield from _of_joined(condition)
        case tree.Not(operand):
            yield _change(condition, operand, f"a test where `{condition_text(operand)}`")
            for change in changes_of(operand):
                yield replace(change, condition=tree.Not(change.condition))
        case tree.Compare():
            yield from _of_compare(condition)
        case tree.IsNull() | tree.Listed() | tree.OneOf() | tree.Like():
            opposite = tree.Not(condition)
            yield _change(condition, opposite, f"a test where `{condition_text(condition)}`")
            yield from _of_test(condition)


def _change(before: tree.Condition, after: tree.Condition, killer: str) -> Change:
    what = f"`{condition_text(before)}` became `{condition_text(after)}`"
    return Change(after, what, killer)


def _of_test(condition: tree.IsNull | tree.Listed | tree.OneOf | tree.Like) -> Iterator[Change]:
    match condition:
        case tree.OneOf():
            yield from _of_options(condition)
        case tree.Like(operand, anchor, text):
            killer = f'a test where {value_in_words(operand)} has "{text}" at another place'
            for other in tree.Anchor:
                if other is not anchor:
                    yield _change(condition, replace(condition, anchor=other), killer)
        case _:
            return


def _of_joined(condition: tree.All | tree.Any) -> Iterator[Change]:
    other: type[tree.All | tree.Any] = tree.Any if isinstance(condition, tree.All) else tree.All
    killer = f"a test where only some of `{condition_text(condition)}` holds"
    yield _change(condition, other(condition.parts), killer)
    for number, part in enumerate(condition.parts):
        rest = condition.parts[:number] + condition.parts[number + 1 :]
        left = type(condition)(rest) if len(rest) > 1 else rest[0]
        text = condition_text(part)
        others = "nothing else" if isinstance(condition, tree.Any) else "everything else"
        verb = "holds, and so does" if isinstance(condition, tree.Any) else "does not hold, but"
        yield Change(left, f"`{text}` was taken out", f"a test where `{text}` {verb} {others}")
        for change in changes_of(part):
            parts = (*condition.parts[:number], change.condition, *condition.parts[number + 1 :])
            yield replace(change, condition=type(condition)(parts))


def _of_compare(found: tree.Compare) -> Iterator[Change]:
    is_text = _is_text(found.left) or _is_text(found.right)
    at_edge = f"a test where {value_in_words(found.left)} is exactly {value_in_words(found.right)}"
    beyond = f"a test on each side of `{condition_text(found)}`"
    for comparison in TEXT_COMPARISONS if is_text else tree.Comparison:
        if comparison is not found.comparison:
            is_opposite = comparison is OPPOSITES[found.comparison]
            killer = beyond if is_opposite else at_edge
            yield _change(found, replace(found, comparison=comparison), killer)
    for side in ("left", "right"):
        value: tree.Value = getattr(found, side)
        for other in _values(value):
            after = tree.Compare(found.comparison, found.left, other)
            if side == "left":
                after = tree.Compare(found.comparison, other, found.right)
            yield _change(found, after, _between(found, after))


def _between(before: tree.Compare, after: tree.Compare) -> str:
    return f"a test where `{condition_text(before)}` and `{condition_text(after)}` differ"


def _is_text(value: tree.Value) -> bool:
    match value:
        case tree.Literal(_, kind) | tree.Field(_, kind) | tree.Feature(_, kind):
            return kind is Kind.TEXT
        case tree.FirstKnown(options):
            return _is_text(options[0])
        case _:
            return False


def _values(value: tree.Value) -> Iterator[tree.Value]:
    """Other values that a slip could have left there."""
    match value:
        case tree.Literal(number, kind) if not isinstance(number, str):
            yield from (tree.Literal(other, kind) for other in nearby(number, kind))
        case tree.Arithmetic(operator, left, right):
            yield replace(value, operator=OTHER_OPERATORS[operator])
            yield from (replace(value, left=other) for other in _values(left))
            yield from (replace(value, right=other) for other in _values(right))
        case tree.Quotient(dividend, divisor):
            yield tree.Quotient(divisor, dividend)
            yield from (replace(value, dividend=other) for other in _values(dividend))
            yield from (replace(value, divisor=other) for other in _values(divisor))
        case tree.Absolute(operand):
            yield operand
            yield from (tree.Absolute(other) for other in _values(operand))
        case tree.FirstKnown(options) if len(options) > 1:
            yield options[0]
        case tree.ToNumber(operand) | tree.PartOf(_, operand):
            yield from (replace(value, operand=other) for other in _values(operand))
        case _:
            return


def nearby(number: float, kind: Kind = Kind.WHOLE) -> list[int | float]:
    """One step less and more, half and double; of an instant a millisecond and a day."""
    if kind is Kind.INSTANT:
        found = [number - 1, number + 1, number - DAY_MS, number + DAY_MS]
    elif isinstance(number, int):
        found = [number - 1, number + 1, number // 2, number * 2]
    else:
        step = SMALL_STEP if abs(number) <= 1 else STEP
        found = [round(number - step, 6), round(number + step, 6), number / 2, number * 2]
    least = 0 if kind is Kind.DURATION else float("-inf")
    return [other for other in dict.fromkeys(found) if other != number and other >= least]


def _of_options(condition: tree.OneOf) -> Iterator[Change]:
    value = value_in_words(condition.operand)
    for option in condition.options if len(condition.options) > 1 else ():
        rest = tuple(other for other in condition.options if other != option)
        after = replace(condition, options=rest)
        yield _change(condition, after, f"a test where {value} is {option!r}")
