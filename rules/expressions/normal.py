"""The normal form of a condition: what provably says the same is written in the same way."""

from dataclasses import dataclass, replace

from rules.expressions import tree
from rules.expressions.kinds import WHOLE_KINDS, Kind
from rules.expressions.names import Names
from rules.expressions.rule_text import condition_text

OPPOSITES = {
    tree.Comparison.EQUAL: tree.Comparison.UNEQUAL,
    tree.Comparison.UNEQUAL: tree.Comparison.EQUAL,
    tree.Comparison.LESS: tree.Comparison.GREATER_OR_EQUAL,
    tree.Comparison.LESS_OR_EQUAL: tree.Comparison.GREATER,
    tree.Comparison.GREATER: tree.Comparison.LESS_OR_EQUAL,
    tree.Comparison.GREATER_OR_EQUAL: tree.Comparison.LESS,
}
TURNED = {
    tree.Comparison.EQUAL: tree.Comparison.EQUAL,
    tree.Comparison.UNEQUAL: tree.Comparison.UNEQUAL,
    tree.Comparison.LESS: tree.Comparison.GREATER,
    tree.Comparison.LESS_OR_EQUAL: tree.Comparison.GREATER_OR_EQUAL,
    tree.Comparison.GREATER: tree.Comparison.LESS,
    tree.Comparison.GREATER_OR_EQUAL: tree.Comparison.LESS_OR_EQUAL,
}
PART_BOUNDS = {tree.Part.HOUR: (0, 23), tree.Part.WEEKDAY: (1, 7)}


@dataclass(frozen=True, slots=True)
class Normal:
    """Writes conditions over some names in their normal form: negations are only of tests."""

    names: Names

    def key(self, condition: tree.Condition) -> str:
        """Two conditions of one key have the same answer for every transaction."""
        return condition_text(self.of(condition))

    def of(self, condition: tree.Condition) -> tree.Condition:
        """The condition as every other is written that says the same."""
        match condition:
            case tree.All(parts) | tree.Any(parts):
                return self._joined(type(condition), parts)
            case tree.Not(operand):
                return self._opposite(operand)
            case tree.Compare():
                return self._compare(condition)
            case tree.OneOf(operand, options) if len(options) == 1:
                return self._compare(_equal(operand, options[0]))
            case tree.OneOf(_, options):
                return replace(condition, options=tuple(sorted(options, key=repr)))
            case _:
                return condition

    def _joined(
        self, kind: type[tree.All | tree.Any], parts: tuple[tree.Condition, ...]
    ) -> tree.Condition:
        found: list[tree.Condition] = []
        for part in map(self.of, parts):
            found += part.parts if isinstance(part, kind) else [part]
        by_text = {condition_text(part): part for part in found}
        kept = tuple(by_text[text] for text in sorted(by_text))
        return kind(kept) if len(kept) > 1 else kept[0]

    def _opposite(self, condition: tree.Condition) -> tree.Condition:
        match condition:
            case tree.Not(operand):
                return self.of(operand)
            case tree.All(parts):
                return self._joined(tree.Any, tuple(tree.Not(part) for part in parts))
            case tree.Any(parts):
                return self._joined(tree.All, tuple(tree.Not(part) for part in parts))
            case tree.Compare(comparison):
                return self._compare(replace(condition, comparison=OPPOSITES[comparison]))
            case tree.OneOf(operand, options) if len(options) == 1:
                return self._opposite(_equal(operand, options[0]))
            case _:
                return tree.Not(self.of(condition))

    def _compare(self, found: tree.Compare) -> tree.Compare:
        if isinstance(found.left, tree.Literal) or (
            found.comparison in {tree.Comparison.GREATER, tree.Comparison.GREATER_OR_EQUAL}
            and not isinstance(found.right, tree.Literal)
        ):
            found = tree.Compare(TURNED[found.comparison], found.right, found.left)
        right = found.right
        if not isinstance(right, tree.Literal) or not isinstance(right.value, int):
            return found
        comparison, value = _whole(found.comparison, right.value)
        low, high = self._bounds(found.left)
        comparison, value = _within(comparison, value, low, high)
        return tree.Compare(comparison, found.left, replace(right, value=value))

    def _bounds(self, value: tree.Value) -> tuple[float, float]:
        if isinstance(value, tree.PartOf):
            return PART_BOUNDS[value.part]
        if isinstance(value, tree.Field | tree.Feature) and value.kind in WHOLE_KINDS:
            found = self.names.type_of(value.name)
            if found is not None:
                return found.low, found.high
        return float("-inf"), float("inf")


def _equal(operand: tree.Value, option: float | str) -> tree.Compare:
    kind = getattr(operand, "kind", Kind.NUMBER if isinstance(option, float) else Kind.WHOLE)
    kind = Kind.TEXT if isinstance(option, str) else kind
    return tree.Compare(tree.Comparison.EQUAL, operand, tree.Literal(option, kind))


def _whole(comparison: tree.Comparison, value: int) -> tuple[tree.Comparison, int]:
    """Between whole numbers there is nothing: `> 4` is `>= 5`."""
    if comparison is tree.Comparison.GREATER:
        return tree.Comparison.GREATER_OR_EQUAL, value + 1
    if comparison is tree.Comparison.LESS:
        return tree.Comparison.LESS_OR_EQUAL, value - 1
    return comparison, value


def _within(
    comparison: tree.Comparison, value: int, low: float, high: float
) -> tuple[tree.Comparison, int]:
    """At the end of its range there is one way left: `<= 0` of a count is `= 0`."""
    less, more = tree.Comparison.LESS_OR_EQUAL, tree.Comparison.GREATER_OR_EQUAL
    ends: dict[tuple[tree.Comparison, float], tuple[tree.Comparison, int]] = {
        (less, low): (tree.Comparison.EQUAL, value),
        (more, high): (tree.Comparison.EQUAL, value),
        (tree.Comparison.UNEQUAL, low): (more, value + 1),
        (tree.Comparison.UNEQUAL, high): (less, value - 1),
    }
    if comparison is more and value < low:
        return more, int(low)
    if comparison is less and value > high:
        return less, int(high)
    return ends.get((comparison, value), (comparison, value))
