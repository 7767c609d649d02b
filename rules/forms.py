"""Forms: a table read key by key; what is missing, wrong or never asked for is a mistake.

A reader asks for every key that it knows and then calls `close`; so the keys that exist are those
that were asked for. A wrong or missing value gives a harmless stand-in, and the mistake is noted.
What was asked for is remembered as JSON Schema too, so that editors know the same keys.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from rules.instants import epoch_ms
from rules.located_yaml import Items, Node, Scalar, Table, read
from rules.mistakes import Mistakes, Place, did_you_mean

Choice = TypeVar("Choice", bound=StrEnum)

Schema = dict[str, Any]

SINGLE: Schema = {"type": ["string", "number", "boolean"]}
ROW: Schema = {"anyOf": [SINGLE, {"type": "array", "items": SINGLE}]}

UNITS_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_DURATION = re.compile(r"(-?)(\d{1,9})(ms|s|m|h|d)", re.ASCII)
DURATION: Schema = {"type": "string", "pattern": f"^{_DURATION.pattern}$"}


def duration_ms(text: str) -> int | None:
    """Milliseconds of `10m`, `24h`, `-9m`; None where it is no duration."""
    match = _DURATION.fullmatch(text)
    if match is None:
        return None
    sign, number, unit = match.groups()
    return (-1 if sign else 1) * int(number) * UNITS_MS[unit]


def duration_text(milliseconds: int) -> str:
    """Write milliseconds in the largest unit that divides them; two days and more in days."""
    units = ("d", "h", "m", "s") if abs(milliseconds) >= 2 * UNITS_MS["d"] else ("h", "m", "s")
    for unit in units:
        if milliseconds and milliseconds % UNITS_MS[unit] == 0:
            return f"{milliseconds // UNITS_MS[unit]}{unit}"
    return f"{milliseconds}ms"


class Nesting(StrEnum):
    """How tables stand below a key."""

    ONE = "one"
    ROW = "row"
    NAMED = "named"


@dataclass(slots=True)
class Asked:
    """What a reader asked of a key: its schema, or the tables below it."""

    schema: Schema
    is_required: bool = False
    nesting: Nesting | None = None
    below: list["Form"] = field(default_factory=list)


@dataclass(slots=True)
class Form:
    """A table of an authored file; `path` is how its keys are called in messages."""

    table: Table
    mistakes: Mistakes
    path: str = ""
    asked: set[str] = field(default_factory=set)
    described: dict[str, Asked] = field(default_factory=dict)
    is_closed: bool = False

    def describe(self, key: str, schema: Schema, *, is_required: bool = False) -> Asked:
        """Remember what may stand at a key; what says more than "a single value" stays."""
        known = self.described.setdefault(key, Asked(schema))
        if known.schema in ({}, SINGLE, ROW):
            known.schema = schema
        known.is_required |= is_required
        return known

    def called(self, key: str) -> str:
        """The key with the keys above it: `tests.2.hit`."""
        return f"{self.path}.{key}" if self.path else key

    def has(self, key: str) -> bool:
        """Whether the key stands there."""
        self.asked.add(key)
        return key in self.table.entries

    def node(self, key: str) -> Node | None:
        """The value as it was read."""
        self.asked.add(key)
        entry = self.table.entries.get(key)
        return None if entry is None else entry.node

    def place(self, key: str) -> Place:
        """Where the value begins; where it is missing, where the table does."""
        node = self.node(key)
        return self.table.place if node is None else node.place

    def key_place(self, key: str) -> Place:
        """Where a key that is there is written."""
        return self.table.entries[key].key

    def add(self, key: str, message: str, hint: str = "") -> None:
        """Note a mistake at a key's value."""
        self.mistakes.add(self.place(key), self.called(key), message, hint)

    def missing(self, key: str, hint: str = "") -> None:
        """Note that a key has to be there."""
        self.mistakes.add(self.table.place, self.called(key), "the key is missing", hint)

    def scalar(self, key: str, *, required: bool = True) -> Scalar | None:
        """A single value that is not empty, with its place."""
        self.describe(key, SINGLE, is_required=required)
        node = self.node(key)
        if node is None:
            if required:
                self.missing(key)
            return None
        if not isinstance(node, Scalar):
            self.add(key, "expected a single value")
            return None
        if node.value is None or not node.text.strip():
            self.add(key, "the value is empty")
            return None
        return node

    def text(self, key: str, *, required: bool = True) -> str:
        """A text without the spaces around it."""
        scalar = self.scalar(key, required=required)
        return "" if scalar is None else scalar.text.strip()

    def optional_text(self, key: str) -> str | None:
        """A text, or None where the key is absent."""
        return self.text(key, required=False) or None

    def whole(self, key: str, low: int, high: int, default: int | None = None) -> int:
        """A whole number between two bounds; required where it has no default."""
        self.describe(key, {"type": "integer", "minimum": low, "maximum": high})
        scalar = self.scalar(key, required=default is None)
        if scalar is None:
            return low if default is None else default
        value = scalar.value
        if isinstance(value, bool) or not isinstance(value, int):
            self.add(key, f"expected a whole number, not {scalar.text!r}")
            return low
        if not low <= value <= high:
            self.add(key, f"{value} is out of range", f"use {low} to {high}")
            return low
        return value

    def number(self, key: str, low: float, high: float, default: float | None = None) -> float:
        """A number between two bounds; required where it has no default."""
        self.describe(key, {"type": "number", "minimum": low, "maximum": high})
        scalar = self.scalar(key, required=default is None)
        if scalar is None:
            return low if default is None else default
        value = scalar.value
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.add(key, f"expected a number, not {scalar.text!r}")
            return low
        if not low <= value <= high:
            self.add(key, f"{scalar.text} is out of range", f"use {low:g} to {high:g}")
            return low
        return float(value)

    def truth(self, key: str) -> bool:
        """A required `true` or `false`."""
        self.describe(key, {"type": "boolean"})
        scalar = self.scalar(key)
        if scalar is not None and not isinstance(scalar.value, bool):
            self.add(key, f"expected true or false, not {scalar.text!r}")
        return scalar is not None and scalar.value is True

    def choice(self, key: str, kind: type[Choice], default: Choice | None = None) -> Choice:
        """One of the words of an enum; required where it has no default."""
        first = next(iter(kind))
        words = [str(member) for member in kind]
        self.describe(key, {"enum": words})
        scalar = self.scalar(key, required=default is None)
        if scalar is None:
            return first if default is None else default
        if scalar.text in words:
            return kind(scalar.text)
        name = self.called(key).rpartition(".")[2]
        self.add(key, f'unknown {name} "{scalar.text}"', did_you_mean(scalar.text, words))
        return first

    def duration(self, key: str, *, required: bool = True) -> int | None:
        """Milliseconds of a duration such as `10m`."""
        self.describe(key, DURATION)
        scalar = self.scalar(key, required=required)
        if scalar is None:
            return None
        milliseconds = duration_ms(scalar.text)
        if milliseconds is None:
            self.add(key, f'no duration: "{scalar.text}"', "write 30s, 10m, 24h or 7d")
        return milliseconds

    def instant_ms(self, key: str, example: str) -> int | None:
        """Milliseconds since 1970 of an instant with its zone; None where it is absent or wrong."""
        text = self.optional_text(key)
        if text is None:
            return None
        try:
            instant = datetime.fromisoformat(text)
        except ValueError:
            instant = None
        if instant is None or instant.tzinfo is None:
            self.add(key, f'no instant: "{text}"', f"write {example}")
            return None
        return epoch_ms(instant)

    def form(self, key: str, *, required: bool = True) -> "Form | None":
        """A table below this one."""
        node = self.node(key)
        if node is None:
            if required:
                self.missing(key)
            return None
        found = self._form(node, self.called(key))
        if found is not None:
            self._nest(key, Nesting.ONE, [found], is_required=required)
        return found

    def forms(self, key: str, *, required: bool = True) -> "list[Form]":
        """Tables in a row."""
        nodes = self._items(key, required=required)
        found = [self._form(node, f"{self.called(key)}.{i}") for i, node in enumerate(nodes, 1)]
        forms = [form for form in found if form is not None]
        self._nest(key, Nesting.ROW, forms, is_required=required)
        return forms

    def named_forms(self, key: str, *, required: bool = True) -> "dict[str, Form]":
        """Tables by name."""
        form = self.form(key, required=required)
        if form is None:
            return {}
        found = {name: form.form(name) for name in form.table.entries}
        forms = {name: below for name, below in found.items() if below is not None}
        self._nest(key, Nesting.NAMED, list(forms.values()), is_required=required)
        return forms

    def counts(self, key: str, low: int, high: int) -> dict[str, int]:
        """Whole numbers by name."""
        number: Schema = {"type": "integer", "minimum": low, "maximum": high}
        form = self.form(key)
        schema = {"type": "object", "additionalProperties": number}
        self.described[key] = Asked(schema, is_required=True)
        if form is None:
            return {}
        return {name: form.whole(name, low, high) for name in form.table.entries}

    def scalars(self, key: str, *, required: bool = True) -> list[Scalar]:
        """One single value, or several in a row."""
        self.describe(key, ROW, is_required=required)
        node = self.node(key)
        if isinstance(node, Scalar):
            found = self.scalar(key)
            return [] if found is None else [found]
        found_nodes = self._items(key, required=required)
        for found_node in found_nodes:
            if not isinstance(found_node, Scalar):
                self.mistakes.add(found_node.place, self.called(key), "expected a single value")
        return [found_node for found_node in found_nodes if isinstance(found_node, Scalar)]

    def texts(self, key: str, *, required: bool = True) -> tuple[str, ...]:
        """One text, or several in a row."""
        return tuple(scalar.text for scalar in self.scalars(key, required=required))

    def close(self) -> None:
        """Note the keys that nobody asked for."""
        self.is_closed = True
        for key in self.table.entries.keys() - self.asked:
            place = self.table.entries[key].key
            hint = did_you_mean(key, self.asked)
            self.mistakes.add(place, self.called(key), f'unknown key "{key}"', hint)

    def _nest(self, key: str, nesting: Nesting, forms: "list[Form]", *, is_required: bool) -> None:
        asked = self.describe(key, {}, is_required=is_required)
        if nesting is Nesting.ONE and (asked.nesting is Nesting.NAMED or asked.schema):
            return
        if nesting is Nesting.NAMED:
            asked.below.clear()
        asked.nesting = nesting
        asked.below += forms

    def _items(self, key: str, *, required: bool) -> Sequence[Node]:
        node = self.node(key)
        if node is None:
            if required:
                self.missing(key)
            return ()
        if not isinstance(node, Items):
            self.add(key, "expected a list", "begin each item with a dash")
            return ()
        return node.nodes

    def _form(self, node: Node, path: str) -> "Form | None":
        if isinstance(node, Table):
            return Form(node, self.mistakes, path)
        self.mistakes.add(node.place, path, "expected keys with values")
        return None


def read_form(path: Path, shown_as: str, mistakes: Mistakes) -> Form | None:
    """Read a file that has to be one table."""
    node = read(path, shown_as, mistakes)
    return None if node is None else form_of(node, mistakes)


def form_of(node: Node, mistakes: Mistakes) -> Form | None:
    """The form of a whole document."""
    if isinstance(node, Table):
        return Form(node, mistakes)
    mistakes.add(node.place, "file", "expected keys with values")
    return None
