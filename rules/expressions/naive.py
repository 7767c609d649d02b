"""The judge of all compilers: the tree walked node by node, with null as unknown."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import assert_never

from rules.expressions import tree

Known = int | float | str
HOUR_MS, DAY_MS = 3_600_000, 86_400_000


@dataclass(frozen=True, slots=True)
class Naive:
    """One transaction: its fields (instants as epoch milliseconds), features and valid entries."""

    fields: Mapping[str, Known | None]
    features: Mapping[str, Known | None]
    lists: Mapping[str, Collection[str]]

    def holds(self, condition: tree.Condition) -> bool | None:
        """True, false, or None where it is unknown."""
        match condition:
            case tree.All(parts):
                return self._all([self.holds(part) for part in parts])
            case tree.Any(parts):
                answer = self._all([_opposite(self.holds(part)) for part in parts])
                return _opposite(answer)
            case tree.Not(operand):
                return _opposite(self.holds(operand))
            case tree.IsNull(operand):
                return self.value(operand) is None
            case tree.Compare(comparison, left, right):
                return _compare(comparison, self.value(left), self.value(right))
            case _:
                value = self.value(condition.operand)
                return None if value is None else self._test(condition, value)

    def _all(self, answers: list[bool | None]) -> bool | None:
        if False in answers:
            return False
        return None if None in answers else True

    def _test(self, condition: tree.OneOf | tree.Listed | tree.Like, value: Known) -> bool:
        match condition:
            case tree.OneOf(_, options):
                return any(value == option for option in options)
            case tree.Listed(_, list_id):
                return value in self.lists[list_id]
            case tree.Like(_, anchor, text):
                return _like(anchor, text, str(value))
            case _:
                assert_never(condition)

    def value(self, value: tree.Value) -> Known | None:
        """The value, or None where it is null."""
        match value:
            case tree.Literal(literal):
                return literal
            case tree.Field(name):
                return self.fields[name]
            case tree.Feature(name):
                return self.features[name]
            case tree.FirstKnown(options):
                found = [self.value(option) for option in options]
                return next((item for item in found if item is not None), None)
            case _:
                return self._computed(value)

    def _computed(
        self,
        value: tree.ToNumber | tree.Arithmetic | tree.Quotient | tree.Absolute | tree.PartOf,
    ) -> Known | None:
        found = [self.value(part) for part in tree.parts(value)]
        numbers = [item for item in found if isinstance(item, int | float)]
        if len(numbers) < len(found):
            return None
        match value:
            case tree.ToNumber():
                return float(numbers[0])
            case tree.Arithmetic(operator):
                return _arithmetic(operator, numbers[0], numbers[1])
            case tree.Quotient():
                return None if abs(numbers[1]) < tree.DIVISOR_MIN else numbers[0] / numbers[1]
            case tree.Absolute():
                return abs(numbers[0])
            case tree.PartOf(part):
                return _part(part, int(numbers[0]))
            case _:
                assert_never(value)


def _opposite(answer: bool | None) -> bool | None:  # noqa: FBT001  (the third value is None)
    return None if answer is None else not answer


def _compare(comparison: tree.Comparison, left: Known | None, right: Known | None) -> bool | None:
    if left is None or right is None:
        return None
    if isinstance(left, str) or isinstance(right, str):
        return (left == right) is (comparison is tree.Comparison.EQUAL)
    answers = {
        tree.Comparison.EQUAL: left == right,
        tree.Comparison.UNEQUAL: left != right,
        tree.Comparison.LESS: left < right,
        tree.Comparison.LESS_OR_EQUAL: left <= right,
        tree.Comparison.GREATER: left > right,
        tree.Comparison.GREATER_OR_EQUAL: left >= right,
    }
    return answers[comparison]


def _arithmetic(operator: tree.Operator, left: float, right: float) -> float:
    match operator:
        case tree.Operator.ADD:
            return left + right
        case tree.Operator.SUBTRACT:
            return left - right
        case tree.Operator.MULTIPLY:
            return left * right


def _part(part: tree.Part, milliseconds: int) -> int:
    match part:
        case tree.Part.HOUR:
            return milliseconds // HOUR_MS % 24
        case tree.Part.WEEKDAY:
            return (milliseconds // DAY_MS + 3) % 7 + 1


def _like(anchor: tree.Anchor, text: str, value: str) -> bool:
    match anchor:
        case tree.Anchor.START:
            return value.startswith(text)
        case tree.Anchor.END:
            return value.endswith(text)
        case tree.Anchor.ANYWHERE:
            return text in value
