"""The tree as code over whole columns: every comparison once, for all rows of a batch at a time.

Text is made from the tree alone, one statement for each different expression. It means what
`python_code` means, but for `Listed`: whether an entry is valid is not asked, so that a condition
may be true of a row too many and never of one too few.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, assert_never

import numpy as np
from numpy.typing import NDArray

from rules.expressions import tree
from rules.expressions.kinds import Kind
from rules.expressions.python_code import OPPOSITES, SYMBOLS, part_of
from rules.features.layout import code_of, text_of

Array = NDArray[Any]
Bools = NDArray[np.bool_]
_OF_ALL, _OF_NONE = "True", "False"


class Batch(Protocol):
    """What the code asks for; values are right where they are known."""

    def field(self, name: str, *, is_text: bool) -> Array:
        """A field of the transactions; a short text as its number, or as itself if it is asked."""
        ...

    def feature(self, name: str, *, is_text: bool) -> Array:
        """The same of a feature."""
        ...

    def is_field_known(self, name: str) -> Bools:
        """Where a field is not null."""
        ...

    def is_feature_known(self, name: str) -> Bools:
        """Where a feature is not null."""
        ...


@dataclass(slots=True)
class ArrayCode:
    """Collects statements; `coded` are the fields and features whose texts have numbers."""

    coded: Collection[str] = ()
    lists: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    constants: dict[str, object] = field(default_factory=dict)

    def true(self, condition: tree.Condition) -> str:
        """The name of an array, or of a constant, that says where the condition is true."""
        match condition:
            case tree.All(parts):
                return self._all([self.true(part) for part in parts])
            case tree.Any(parts):
                return self._any([self.true(part) for part in parts])
            case tree.Not(operand):
                return self._false(operand)
            case tree.IsNull(operand):
                return self._not(self._known(operand))
            case _:
                return self._test(condition, is_true=True)

    def _false(self, condition: tree.Condition) -> str:
        match condition:
            case tree.All(parts):
                return self._any([self._false(part) for part in parts])
            case tree.Any(parts):
                return self._all([self._false(part) for part in parts])
            case tree.Not(operand):
                return self.true(operand)
            case tree.IsNull(operand):
                return self._known(operand)
            case _:
                return self._test(condition, is_true=False)

    def _test(
        self, test: tree.Compare | tree.OneOf | tree.Listed | tree.Like, *, is_true: bool
    ) -> str:
        if isinstance(test, tree.Compare):
            known = self._all([self._known(test.left), self._known(test.right)])
            return self._all([known, self._compared(test, is_true=is_true)])
        known = self._known(test.operand)
        if isinstance(test, tree.Listed):
            return self._all([known, self._listed(test)]) if is_true else known
        found = self._one_of(test) if isinstance(test, tree.OneOf) else self._like(test)
        return self._all([known, found if is_true else self._not(found)])

    def _compared(self, test: tree.Compare, *, is_true: bool) -> str:
        symbol = SYMBOLS.get(test.comparison, str(test.comparison))
        symbol = symbol if is_true else OPPOSITES[test.comparison]
        is_text = not (self._is_coded(test.left) and self._is_coded(test.right))
        return self._named(
            f"{self._value(test.left, is_text=is_text)} {symbol} "
            f"{self._value(test.right, is_text=is_text)}"
        )

    def _one_of(self, test: tree.OneOf) -> str:
        is_text = not self._is_coded(test.operand)
        value = self._value(test.operand, is_text=is_text)
        options = [_literal(option, is_text=is_text) for option in test.options]
        return self._any([self._named(f"{value} == {option}") for option in options])

    def _listed(self, test: tree.Listed) -> str:
        is_text = not self._is_coded(test.operand)
        value, way = self._value(test.operand, is_text=is_text), "among" if is_text else "coded"
        return self._named(f"{way}({value}, {self._constant(self.lists[test.list_id])})")

    def _like(self, test: tree.Like) -> str:
        value = self._value(test.operand, is_text=True)
        return self._named(f"{test.anchor.value}({value}, {test.text!r})")

    def _is_coded(self, value: tree.Value) -> bool:
        """Whether its texts have numbers; a value that is no text needs none."""
        match value:
            case tree.Field(name, kind) | tree.Feature(name, kind):
                return kind is not Kind.TEXT or name in self.coded
            case _:
                return all(map(self._is_coded, tree.parts(value)))

    def _value(self, value: tree.Value, *, is_text: bool = False) -> str:
        """The name of an array, right where it is known."""
        match value:
            case tree.Literal(literal):
                return _literal(literal, is_text=is_text)
            case tree.Field(name, kind):
                is_text = is_text and kind is Kind.TEXT
                return self._named(f"batch.field({name!r}, is_text={is_text})")
            case tree.Feature(name, kind):
                is_text = is_text and kind is Kind.TEXT
                return self._named(f"batch.feature({name!r}, is_text={is_text})")
            case tree.FirstKnown(options):
                return self._first_known(options, is_text=is_text)
            case _:
                return self._named(self._computed(value))

    def _computed(
        self,
        value: tree.ToNumber | tree.Arithmetic | tree.Quotient | tree.Absolute | tree.PartOf,
    ) -> str:
        match value:
            case tree.ToNumber(operand):
                return f"as_number({self._value(operand)})"
            case tree.Arithmetic(operator, left, right):
                return f"{self._value(left)} {operator} {self._value(right)}"
            case tree.Quotient(dividend, divisor):
                return f"divide({self._value(dividend)}, {self._value(divisor)})"
            case tree.Absolute(operand):
                return f"abs({self._value(operand)})"
            case tree.PartOf(part, operand):
                return part_of(part, self._value(operand))
            case _:
                assert_never(value)

    def _first_known(self, options: Sequence[tree.Value], *, is_text: bool) -> str:
        *others, last = options
        code = self._value(last, is_text=is_text)
        for option in reversed(others):
            found, known = self._value(option, is_text=is_text), self._known(option)
            code = found if known == _OF_ALL else self._named(f"choose({known}, {found}, {code})")
        return code

    def _known(self, value: tree.Value) -> str:
        """Where a value is not null."""
        match value:
            case tree.Field(name, _, is_nullable):
                return self._named(f"batch.is_field_known({name!r})") if is_nullable else _OF_ALL
            case tree.Feature(name):
                return self._named(f"batch.is_feature_known({name!r})")
            case tree.FirstKnown(options):
                return self._any([self._known(option) for option in options])
            case tree.Quotient(dividend, divisor):
                far = self._named(f"abs({self._value(divisor)}) >= {tree.DIVISOR_MIN!r}")
                return self._all([self._known(dividend), self._known(divisor), far])
            case _:
                return self._all([self._known(part) for part in tree.parts(value)])

    def _all(self, parts: Sequence[str]) -> str:
        if _OF_NONE in parts:
            return _OF_NONE
        found = dict.fromkeys(part for part in parts if part != _OF_ALL)
        return self._joined(" & ", tuple(found)) if found else _OF_ALL

    def _any(self, parts: Sequence[str]) -> str:
        if _OF_ALL in parts:
            return _OF_ALL
        found = dict.fromkeys(part for part in parts if part != _OF_NONE)
        return self._joined(" | ", tuple(found)) if found else _OF_NONE

    def _joined(self, by: str, parts: Sequence[str]) -> str:
        """Two at a time, so that conditions that begin alike share their beginning."""
        found = parts[0]
        for part in parts[1:]:
            found = self._named(f"{found}{by}{part}")
        return found

    def _not(self, part: str) -> str:
        opposites = {_OF_ALL: _OF_NONE, _OF_NONE: _OF_ALL}
        return opposites[part] if part in opposites else self._named(f"negated({part})")

    def _named(self, expression: str) -> str:
        return self.names.setdefault(expression, f"v{len(self.names)}")

    def _constant(self, value: object) -> str:
        name = f"c{id(value)}"
        self.constants[name] = value
        return name

    def function(self, results: Sequence[str]) -> Callable[[Batch], list[Array]]:
        """Compile what was collected into a function that answers with these results."""
        lines = [f"{name} = {expression}" for expression, name in self.names.items()]
        body = "\n".join(f"    {line}" for line in [*lines, f"return [{', '.join(results)}]"])
        namespace: dict[str, Any] = {**_HELPERS, **self.constants}
        text = f"def masks(batch):\n{body}"
        exec(compile(text, "<masks>", "exec"), namespace)  # noqa: S102  (made from the tree alone)
        found: Callable[[Batch], list[Array]] = namespace["masks"]
        return found


def _literal(value: float | str, *, is_text: bool) -> str:
    return repr(code_of(value) if isinstance(value, str) and not is_text else value)


def _where_text(value: Array | str, holds: Callable[[str], bool]) -> Array | bool:
    """Ask every text, or the one that stands for all."""
    if isinstance(value, str):
        return holds(value)
    return np.fromiter((item is not None and holds(item) for item in value), np.bool_, len(value))


def _where_coded(value: Array | int, table: Mapping[str, object]) -> Array | bool:
    """Ask each different text once."""
    kinds, places = np.unique(value, return_inverse=True)
    found: Array = np.array([text_of(code) in table for code in kinds.tolist()])[places]
    return found


_HELPERS: dict[str, Any] = {
    "abs": np.abs,
    "among": lambda value, table: _where_text(value, table.__contains__),
    "anywhere": lambda value, text: _where_text(value, lambda item: text in item),
    "as_number": np.float64,
    "choose": np.where,
    "coded": _where_coded,
    "divide": np.true_divide,
    "end": lambda value, text: _where_text(value, lambda item: item.endswith(text)),
    "negated": np.logical_not,
    "start": lambda value, text: _where_text(value, lambda item: item.startswith(text)),
}
