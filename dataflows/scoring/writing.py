"""The kernel that writes decisions: byte by byte what `codec.encode` of the struct would write.

It writes every decision as if no rule had hit; where one did, the caller puts what was said in its
place. Names, ids and the transaction's own bytes are copied, whole numbers are written here, and
other values come written.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dataflows.scoring.batch_ids import Ids
from dataflows.scoring.copying import copy
from rules.features.compiling import kernel
from rules.features.hashing import Bytes
from rules.features.memory import Ints

SHOWN, ABSENT = 0, 1  # A mark beyond these is the number of a flag.
NUMBER_BYTES, ID_TEXT_BYTES = 20, 36
FRAME_BYTES = 200  # Names and quotes of a decision's own fields, and its position.

_DECISION, _EVENT, _POSITION, _SAID, _FEATURES, _FLAGS, _TRANSACTION, _NAMES = range(8)
_QUOTE, _COMMA, _CLOSE, _DASH, _ZERO = b'"'[0], b","[0], b"}"[0], b"-"[0], b"0"[0]
_HEXADECIMAL = np.frombuffer(b"0123456789abcdef", np.uint8)


class Template(NamedTuple):
    """What is the same in all decisions: parts of text, then the names, then the flags."""

    text: Bytes
    begins: Ints
    places: Ints  # For each name, the feature that is meant.
    is_written: NDArray[np.bool_]  # For each feature, whether its values come written.


class Values(NamedTuple):
    """What the features say: a mark, a number and, where it comes written, its place in `text`."""

    marks: NDArray[np.uint8]  # feature, row
    numbers: Ints
    begins: Ints
    ends: Ints
    text: Bytes


class Rows(NamedTuple):
    """What the decisions are of."""

    decisions: Ids
    events: Ids
    positions: Ints
    raw: Bytes
    starts: Ints


class Written(NamedTuple):
    """Where it is written, where each decision ends, and where what was said of it begins."""

    text: Bytes
    ends: Ints
    said: Ints


@kernel
def _put(template: Template, part: int, out: Bytes, at: int) -> int:
    return copy(template.text, template.begins[part], template.begins[part + 1], out, at)


@kernel
def _put_id(found: Ids, out: Bytes, at: int) -> int:
    for place in range(found.shape[0]):
        if place in (4, 6, 8, 10):
            out[at] = _DASH
            at += 1
        out[at] = _HEXADECIMAL[found[place] >> 4]
        out[at + 1] = _HEXADECIMAL[found[place] & 0xF]
        at += 2
    return at


@kernel
def _put_number(number: int, out: Bytes, at: int) -> int:
    if number < 0:
        out[at] = _DASH
        at += 1
        number = -number
    last, rest = at, number // 10
    while rest:
        rest //= 10
        last += 1
    for place in range(last, at - 1, -1):
        out[place] = _ZERO + number % 10
        number //= 10
    return last + 1


@kernel
def _put_features(template: Template, values: Values, row: int, out: Bytes, at: int) -> int:
    """The values that are known; nothing where none is."""
    begun = at
    for name in range(template.places.shape[0]):
        place = template.places[name]
        if values.marks[place, row] != SHOWN:
            continue
        if at == begun:
            at = _put(template, _FEATURES, out, at)
        at = _put(template, _NAMES + name, out, at)
        if template.is_written[place]:
            begin, end = values.begins[place, row], values.ends[place, row]
            at = copy(values.text, begin, end, out, at)
        else:
            at = _put_number(values.numbers[place, row], out, at)
        out[at] = _COMMA
        at += 1
    if at > begun:
        out[at - 1] = _CLOSE
    return at


@kernel
def _put_flags(template: Template, values: Values, row: int, out: Bytes, at: int) -> int:
    """The flags, where there is any."""
    begun, names = at, template.places.shape[0]
    for name in range(names):
        mark = values.marks[template.places[name], row]
        if mark <= ABSENT:
            continue
        if at == begun:
            at = _put(template, _FLAGS, out, at)
        at = _put(template, _NAMES + name, out, at)
        at = _put(template, _NAMES + names + mark - ABSENT - 1, out, at)
    if at > begun:
        out[at - 1] = _CLOSE
    return at


@kernel
def write(template: Template, rows: Rows, values: Values, written: Written) -> None:
    """Write all rows; there is room for them."""
    out, at = written.text, 0
    for row in range(rows.positions.shape[0]):
        at = _put(template, _DECISION, out, at)
        at = _put_id(rows.decisions[row], out, at)
        at = _put(template, _EVENT, out, at)
        at = _put_id(rows.events[row], out, at)
        at = _put(template, _POSITION, out, at)
        at = _put_number(rows.positions[row], out, at)
        written.said[row] = at
        at = _put(template, _SAID, out, at)
        at = _put_features(template, values, row, out, at)
        at = _put_flags(template, values, row, out, at)
        at = _put(template, _TRANSACTION, out, at)
        at = copy(rows.raw, rows.starts[row], rows.starts[row + 1], out, at)
        out[at] = _CLOSE
        at += 1
        written.ends[row] = at


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What is the same in all decisions of one rule set; `said` is what no hit comes to."""

    cell: int
    said: bytes
    names: Sequence[str]
    places: Sequence[int]  # For each name, the feature that is meant.
    is_written: Sequence[bool]  # For each feature, whether its values come written.
    flags: Sequence[str]  # In the order of their marks.

    def template(self) -> Template:
        """The same for the kernel."""
        parts = [
            b'{"decision_id":"',
            b'","event_id":"',
            b'","cell":%d,"position":' % self.cell,
            b"," + self.said,
            b',"features":{',
            b',"flags":{',
            b',"transaction":',
            *(b'"%b":' % name.encode() for name in self.names),
            *(b'"%b",' % flag.encode() for flag in self.flags),
        ]
        return Template(
            np.frombuffer(b"".join(parts), np.uint8),
            np.cumsum([0, *map(len, parts)]),
            np.array(self.places, np.int64),
            np.array(self.is_written, np.bool_),
        )

    @property
    def most(self) -> int:
        """The bytes of a decision at most, but for its transaction and what comes written."""
        flag = max(map(len, self.flags), default=0)
        names = sum(2 * (len(name) + 4) + NUMBER_BYTES + flag + 3 for name in self.names)
        return FRAME_BYTES + len(self.said) + 2 * ID_TEXT_BYTES + names


class Writer:
    """Writes decisions of one shape; keeps the memory that it writes in."""

    def __init__(self, shape: Shape) -> None:
        """Put the template together."""
        self.shape, self.template = shape, shape.template()
        self.text: Bytes = np.zeros(0, np.uint8)

    def write(self, rows: Rows, values: Values, said: Mapping[int, bytes]) -> list[bytes]:
        """The decisions; `said` has what is said of rows with hits."""
        many, names = len(rows.positions), len(self.shape.names)
        room = many * self.shape.most + len(rows.raw) + names * len(values.text)
        if len(self.text) < room:
            self.text = np.empty(room, np.uint8)
        written = Written(self.text, np.zeros(many, np.int64), np.zeros(many, np.int64))
        write(self.template, rows, values, written)
        ends = written.ends.tolist()
        text, begins = self.text[: ends[-1]].tobytes(), [0, *ends[:-1]]
        found = [text[begin:end] for begin, end in zip(begins, ends, strict=True)]
        for row, other in said.items():
            at = int(written.said[row]) - begins[row] + 1  # Behind the comma.
            found[row] = found[row][:at] + other + found[row][at + len(self.shape.said) :]
        return found
