"""YAML in which every key and value knows its line and column."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from rules.mistakes import Mistakes, Place

FILE_CHARACTERS_MAX = 4 * 1024 * 1024
DEPTH_MAX = 16

ScalarValue = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Source:
    """The text of a file, and how a position in it is called."""

    path: str
    text: str = field(repr=False)
    line_starts: tuple[int, ...] = field(repr=False)

    @classmethod
    def of(cls, path: str, text: str) -> "Source":
        """Note where the lines begin."""
        breaks = (index + 1 for index, character in enumerate(text) if character == "\n")
        return cls(path, text, (0, *breaks))

    def place(self, index: int) -> Place:
        """Name the character at `index`."""
        line = bisect_right(self.line_starts, index)
        start = self.line_starts[line - 1]
        end = self.line_starts[line] if line < len(self.line_starts) else len(self.text)
        return Place(self.path, line, index - start + 1, self.text[start:end].rstrip("\r\n"))


@dataclass(frozen=True, slots=True)
class Scalar:
    """A single value; `text` is what it says, `start` and `end` where it is written."""

    source: Source
    start: int
    end: int
    value: ScalarValue
    text: str

    @property
    def place(self) -> Place:
        """Where the value begins."""
        return self.source.place(self.start)

    def place_at(self, offset: int) -> Place:
        """Where the character `offset` of the text is written, quotes and folding undone."""
        written, index = self.source.text, self._first()
        for character in self.text[:offset]:
            index = self._after(written, index, character)
        return self.source.place(min(self._skip(written, index), self.end))

    def _first(self) -> int:
        if self.source.text[self.start : self.start + 1] in {"|", ">"}:
            return self.source.text.find("\n", self.start) + 1
        return self.start

    def _after(self, written: str, index: int, character: str) -> int:
        if character.isspace():
            while index < self.end and written[index].isspace():
                index += 1
            return index
        found = written.find(character, index, self.end)
        return found + 1 if found >= 0 else index

    def _skip(self, written: str, index: int) -> int:
        opening = index == self.start and written[index : index + 1] in {"'", '"'}
        index += opening
        while index < self.end and written[index].isspace():
            index += 1
        return index


@dataclass(frozen=True, slots=True)
class Items:
    """Values in a row."""

    place: Place
    nodes: tuple["Node", ...]

    def __iter__(self) -> Iterator["Node"]:
        """Go through the values."""
        return iter(self.nodes)


@dataclass(frozen=True, slots=True)
class Entry:
    """A key and its value."""

    key: Place
    node: "Node"


@dataclass(frozen=True, slots=True)
class Table:
    """Values by name, in the order of the file."""

    place: Place
    entries: Mapping[str, Entry] = field(default_factory=dict)


Node = Scalar | Items | Table


def read(path: Path, shown_as: str, mistakes: Mistakes) -> Node | None:
    """Read a file; None where it has no content or is not even YAML."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        place = Place(shown_as, 1, 1)
        mistakes.add(place, "file", f"byte {error.start} is not UTF-8", "save the file as UTF-8")
        return None
    return parse(text, shown_as, mistakes)


def parse(text: str, shown_as: str, mistakes: Mistakes) -> Node | None:
    """Read a text; None where it has no content or is not even YAML."""
    source = Source.of(shown_as, text)
    if len(text) > FILE_CHARACTERS_MAX:
        mistakes.add(source.place(0), "file", f"longer than {FILE_CHARACTERS_MAX} characters")
        return None
    try:
        root = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = source.place(min(mark.index, len(text)) if mark is not None else 0)
        mistakes.add(place, "file", f"not YAML: {error.problem or error.context}")
        return None
    except (YAMLError, RecursionError) as error:
        mistakes.add(source.place(0), "file", f"not YAML: {_first_line(error)}")
        return None
    if root is None:
        mistakes.add(source.place(0), "file", "the file is empty")
        return None
    return _Locator(source, mistakes).node(root, 0)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or ["nested too deeply"])[0]


_BOOLEANS = {"true": True, "false": False}


@dataclass(slots=True)
class _Locator:
    source: Source
    mistakes: Mistakes
    seen: set[int] = field(default_factory=set)

    def node(self, raw: Any, depth: int) -> Node | None:  # noqa: ANN401  (ruamel's nodes are untyped)
        place = self.source.place(raw.start_mark.index)
        if depth > DEPTH_MAX:
            self.mistakes.add(place, "file", f"nested deeper than {DEPTH_MAX} levels")
            return None
        if id(raw) in self.seen or raw.anchor is not None:
            self.mistakes.add(
                place, "file", "anchors and aliases are not used here", "write it out"
            )
        if id(raw) in self.seen:
            return None
        self.seen.add(id(raw))
        if isinstance(raw, ScalarNode):
            return self._scalar(raw)
        if isinstance(raw, SequenceNode):
            nodes = (self.node(item, depth + 1) for item in raw.value)
            return Items(place, tuple(node for node in nodes if node is not None))
        assert isinstance(raw, MappingNode)
        return self._table(raw, place, depth)

    def _table(self, raw: Any, place: Place, depth: int) -> Table:  # noqa: ANN401
        entries: dict[str, Entry] = {}
        for raw_key, raw_value in raw.value:
            key = self.source.place(raw_key.start_mark.index)
            name = raw_key.value if isinstance(raw_key, ScalarNode) else "?"
            if name in entries:
                first = entries[name].key.line
                self.mistakes.add(key, name, f"the key stands twice, first in line {first}")
            value = self.node(raw_value, depth + 1)
            if isinstance(value, Scalar) and value.start == value.end:
                end = raw_key.end_mark.index
                value = Scalar(self.source, end, end, value.value, value.text)
            if value is not None and name not in entries:
                entries[name] = Entry(key, value)
        return Table(place, entries)

    def _scalar(self, raw: Any) -> Scalar:  # noqa: ANN401
        start, end = raw.start_mark.index, raw.end_mark.index
        scalar = Scalar(self.source, start, end, raw.value, raw.value)
        value = _value(raw.ctag, raw.value)
        if value is _UNKNOWN_TAG:
            self.mistakes.add(scalar.place, "file", f"unknown tag {raw.ctag}", "take the tag out")
            value = raw.value
        return Scalar(self.source, start, end, value, raw.value)


_UNKNOWN_TAG = "\x00unknown tag"


def _value(tag: object, text: str) -> ScalarValue:
    match str(tag).rpartition(":")[2]:
        case "str" | "timestamp" | "merge" | "value":
            return text
        case "null":
            return None
        case "bool":
            return _BOOLEANS.get(text.lower(), text)
        case "int":
            return _whole(text)
        case "float":
            return _number(text)
        case _:
            return _UNKNOWN_TAG


def _whole(text: str) -> int | str:
    try:
        return int(text.replace("_", ""), 0 if text.lstrip("+-")[:2] in {"0x", "0o", "0b"} else 10)
    except ValueError:
        return text


def _number(text: str) -> float | str:
    try:
        return float(text.replace("_", ""))
    except ValueError:
        return text
