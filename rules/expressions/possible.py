"""Whether a condition can be true at all: by what it says of each value, not by trying.

"Impossible" is always right. "Possible" may be wrong where two values depend on each other in a
way that is not looked into, or where there are too many cases.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations, product
from math import inf

from rules.expressions import tree
from rules.expressions.kinds import WHOLE_KINDS, Kind
from rules.expressions.naive import Naive
from rules.expressions.names import Names
from rules.expressions.normal import PART_BOUNDS, TURNED, Normal
from rules.expressions.rule_text import condition_text, value_text

CASES_MAX = 512
FEW = 64  # Whole numbers that are looked at one by one.

Case = tuple[tree.Condition, ...]


def is_possible(condition: tree.Condition, names: Names) -> bool:
    """Whether some transaction could make it true."""
    cases = _cases(Normal(names).of(condition))
    return cases is None or any(_Facts(names).hold(case) for case in cases)


def are_same(one: tree.Condition, other: tree.Condition, names: Names) -> bool:
    """Whether two conditions provably are true of the same transactions."""
    normal = Normal(names)
    a, b = normal.of(one), normal.of(other)
    differ = ((a, not_true(b)), (b, not_true(a)))
    return not any(is_possible(tree.All(pair), names) for pair in differ)


def contradiction(condition: tree.Condition, names: Names) -> str | None:
    """What can never be true in a condition, in words; None where nothing is found."""
    for node in tree.walk(condition):
        if isinstance(node, tree.All) and not is_possible(node, names):
            return _culprits(node, names)
        if isinstance(node, tree.Any) and not is_possible(tree.Not(node), names):
            return f"`{condition_text(node)}` is true of every transaction for which it is known"
    return None


def _culprits(condition: tree.All, names: Names) -> str:
    for pair in combinations(condition.parts, 2):
        if not is_possible(tree.All(pair), names):
            listed = " and ".join(f"`{condition_text(part)}`" for part in pair)
            return f"{listed} are never true together"
    return f"`{condition_text(condition)}` is never true"


def not_true(condition: tree.Condition) -> tree.Condition:
    """True where a condition in normal form is false or unknown."""
    match condition:
        case tree.All(parts):
            return tree.Any(tuple(not_true(part) for part in parts))
        case tree.Any(parts):
            return tree.All(tuple(not_true(part) for part in parts))
        case tree.IsNull() | tree.Not(tree.IsNull()):
            return tree.Not(condition)
        case _:
            test = condition.operand if isinstance(condition, tree.Not) else condition
            values = (value for operand in _values(test) for value in _nullable(operand))
            return tree.Any((tree.Not(condition), *(tree.IsNull(value) for value in values)))


def _values(test: tree.Condition) -> tuple[tree.Value, ...]:
    match test:
        case tree.Compare(_, left, right):
            return left, right
        case tree.IsNull(operand) | tree.OneOf(operand) | tree.Listed(operand) | tree.Like(operand):
            return (operand,)
        case _:
            return ()


def _nullable(value: tree.Value) -> Iterator[tree.Value]:
    """Values of which one is null where, and only where, this one is."""
    match value:
        case tree.Feature() | tree.Quotient() | tree.FirstKnown():
            yield value
        case tree.Field():
            yield from (value,) if value.is_nullable else ()
        case _:
            yield from (found for part in tree.parts(value) for found in _nullable(part))


def _cases(condition: tree.Condition) -> list[Case] | None:
    """The ways in which it is true, each some tests that all are; None where they are too many."""
    match condition:
        case tree.All(parts):
            below = [_cases(part) for part in parts]
            total = 1
            for cases in below:
                total *= CASES_MAX + 1 if cases is None else len(cases)
            if total > CASES_MAX:
                return None
            rows = product(*(cases for cases in below if cases is not None))
            return [tuple(test for case in row for test in case) for row in rows]
        case tree.Any(parts):
            found: list[Case] = []
            for part in parts:
                cases = _cases(part)
                if cases is None:
                    return None
                found += cases
            return found
        case _:
            return [(condition,)]


@dataclass(slots=True)
class _Range:
    """What one value can still be."""

    low: float = -inf
    high: float = inf
    is_low_open: bool = False
    is_high_open: bool = False
    is_whole: bool = False
    allowed: set[int | float | str] | None = None
    excluded: set[int | float | str] = field(default_factory=set)

    def take(self, comparison: tree.Comparison, value: float | str) -> None:
        """Take in what a comparison with a literal says."""
        if comparison is tree.Comparison.EQUAL:
            self.only({value})
        elif comparison is tree.Comparison.UNEQUAL:
            self.excluded.add(value)
        elif not isinstance(value, str):
            self._bound(comparison, value)

    def only(self, values: set[int | float | str]) -> None:
        """It is one of these."""
        self.allowed = values if self.allowed is None else self.allowed & values

    def _bound(self, comparison: tree.Comparison, value: float) -> None:
        is_open = comparison in {tree.Comparison.LESS, tree.Comparison.GREATER}
        if comparison in {tree.Comparison.LESS, tree.Comparison.LESS_OR_EQUAL}:
            if (value, not is_open) < (self.high, not self.is_high_open):
                self.high, self.is_high_open = value, is_open
        elif (value, is_open) > (self.low, self.is_low_open):
            self.low, self.is_low_open = value, is_open

    def is_empty(self) -> bool:
        """Whether nothing is left."""
        choices = self.allowed
        if choices is None and self.is_whole and self.high - self.low < FEW:
            choices = set(range(int(self.low), int(self.high) + 1))
        if choices is not None:
            return not any(self._holds(value) for value in choices - self.excluded)
        if self.low == self.high:
            return self.is_low_open or self.is_high_open or self.low in self.excluded
        return self.low > self.high

    def _holds(self, value: float | str) -> bool:
        if isinstance(value, str):
            return True
        is_above = value > self.low or (value == self.low and not self.is_low_open)
        return is_above and (value < self.high or (value == self.high and not self.is_high_open))


RELATIONS = {
    tree.Comparison.EQUAL: {"="},
    tree.Comparison.UNEQUAL: {"<", ">"},
    tree.Comparison.LESS: {"<"},
    tree.Comparison.LESS_OR_EQUAL: {"<", "="},
    tree.Comparison.GREATER: {">"},
    tree.Comparison.GREATER_OR_EQUAL: {">", "="},
}


@dataclass(slots=True)
class _Facts:
    """What some tests, all of them true, say of each value."""

    names: Names
    ranges: dict[str, _Range] = field(default_factory=dict)
    relations: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    said: dict[str, bool] = field(default_factory=dict)
    null: set[str] = field(default_factory=set)
    known: set[str] = field(default_factory=set)
    is_refuted: bool = False

    def hold(self, tests: Case) -> bool:
        """Whether they do not contradict each other."""
        for test in tests:
            self._take(test)
        likes = [test for test in tests if _is_like(test)]
        for text, found in self.ranges.items():
            self._narrow(text, found, likes)
        is_empty = any(found.is_empty() for found in self.ranges.values())
        is_torn = any(not found for found in self.relations.values())
        return not (self.is_refuted or is_empty or is_torn or self.null & self.known)

    def _take(self, test: tree.Condition) -> None:
        inner, is_true = (test.operand, False) if isinstance(test, tree.Not) else (test, True)
        if isinstance(inner, tree.IsNull):
            self._take_null(inner, is_true=is_true)
            return
        self.known |= {name for operand in tree.operands(inner) for name in _needed(operand)}
        self._say(condition_text(inner), is_true=is_true)
        if isinstance(inner, tree.Compare):
            self._compare(inner)
        elif isinstance(inner, tree.OneOf):
            found = self._range(inner.operand)
            if is_true:
                found.only(set(inner.options))
            else:
                found.excluded |= set(inner.options)
        elif isinstance(inner, tree.Like):
            self._range(inner.operand)

    def _say(self, text: str, *, is_true: bool) -> None:
        self.is_refuted |= self.said.setdefault(text, is_true) is not is_true

    def _take_null(self, test: tree.IsNull, *, is_true: bool) -> None:
        self._say(condition_text(test), is_true=is_true)
        if isinstance(test.operand, tree.Field | tree.Feature):
            (self.null if is_true else self.known).add(test.operand.name)
            is_nullable = isinstance(test.operand, tree.Feature) or test.operand.is_nullable
            self.is_refuted |= is_true and not is_nullable

    def _compare(self, test: tree.Compare) -> None:
        if isinstance(test.right, tree.Literal):
            self._range(test.left).take(test.comparison, test.right.value)
            return
        left, right = value_text(test.left), value_text(test.right)
        comparison = test.comparison if left <= right else TURNED[test.comparison]
        key = (min(left, right), max(left, right))
        allowed = RELATIONS[comparison] if left != right else RELATIONS[comparison] & {"="}
        self.relations[key] = self.relations.get(key, {"<", "=", ">"}) & allowed

    def _range(self, value: tree.Value) -> _Range:
        text = value_text(value)
        if text not in self.ranges:
            self.ranges[text] = self._fresh(value)
        return self.ranges[text]

    def _fresh(self, value: tree.Value) -> _Range:
        match value:
            case tree.Field(name) | tree.Feature(name):
                found = self.names.type_of(name)
                if found is None:
                    return _Range()
                if found.kind is Kind.TEXT:
                    return _Range(allowed=set(found.words) or None)
                return _Range(found.low, found.high, is_whole=found.kind in WHOLE_KINDS)
            case tree.PartOf(part):
                low, high = PART_BOUNDS[part]
                return _Range(low, high, is_whole=True)
            case tree.Absolute():
                return _Range(low=0)
            case _:
                return _Range()

    def _narrow(self, text: str, found: _Range, likes: list[tree.Condition]) -> None:
        """Leave only the texts that match every pattern, where they are few."""
        if found.allowed is None:
            return
        for like in likes:
            inner = like.operand if isinstance(like, tree.Not) else like
            assert isinstance(inner, tree.Like)
            if value_text(inner.operand) == text:
                wanted = inner is like
                found.allowed = {v for v in found.allowed if _matches(inner, v) is wanted}


def _is_like(test: tree.Condition) -> bool:
    return isinstance(test.operand if isinstance(test, tree.Not) else test, tree.Like)


def _matches(test: tree.Like, value: float | str) -> bool:
    literal = tree.Literal(value, Kind.TEXT)
    like = tree.Like(literal, test.anchor, test.text)
    return Naive({}, {}, {}).holds(like) is True


def _needed(value: tree.Value | tree.Condition) -> set[str]:
    """The names without which a value is unknown."""
    if isinstance(value, tree.Field | tree.Feature):
        return {value.name}
    if isinstance(value, tree.FirstKnown):
        return set()
    return {name for part in tree.operands(value) for name in _needed(part)}
