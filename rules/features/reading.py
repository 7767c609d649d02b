"""The kernel that reads canonical transactions: where each field stands, and its number.

What it calls plain passes the door as it is: canonical, ASCII without escapes, short runs of
digits, codes and addresses as they are written. It says so of nothing that the door would refuse
or write differently; of the rest, rare, it says nothing, and the door itself has to look.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from data_contracts.money import AMOUNT_MINOR_MAX
from rules.features.compiling import kernel
from rules.features.layout import CODE_BASE, CODED_BYTES_MAX, Bytes, Form, Ints, Layout

Places = NDArray[np.int32]
Cell = tuple[int, int]  # field, event

FOREIGN, CANONICAL, PLAIN = 0, 1, 2
OCCURRED, RECEIVED, AMOUNT = 0, 1, 2
NUMBERS = 3

_FREE, _WORD, _COUNTRY = int(Form.FREE), int(Form.WORD), int(Form.COUNTRY)
_CATEGORY, _ADDRESS, _WHOLE = int(Form.CATEGORY), int(Form.ADDRESS), int(Form.WHOLE)
_INSTANT, _PLACE = int(Form.INSTANT), int(Form.PLACE)

_QUOTE, _BACKSLASH, _COMMA, _OPEN, _CLOSE = b'"'[0], b"\\"[0], b","[0], b"{"[0], b"}"[0]
_SPACE, _DASH, _DOT, _COLON, _ZERO, _NINE = b" "[0], b"-"[0], b"."[0], b":"[0], b"0"[0], b"9"[0]
_UPPER_A, _UPPER_Z, _DELETE = b"A"[0], b"Z"[0], 0x7F
_LETTER_T, _LETTER_Z = b"T"[0], b"Z"[0]
_WHOLE_DIGITS_MAX, _PLACE_LEAST = 3, 1e-3  # Of a place that is written without an exponent.
_DIGITS_MAX, _GROUP = 12, 4  # Longer runs, or two groups in a row, may be a card's number.
_SECONDS_LENGTH, _FRACTION_LENGTH = 20, 27  # Of an instant, without quotes.
_FEBRUARY, _MONTHS, _HOURS, _SIXTY, _DAY_MS = 2, 12, 24, 60, 86_400_000
_EARLIEST_MS, _LATEST_MS, _FUTURE_MS = 946_684_800_000, 253_370_764_800_000, 300_000
_UNREADABLE = -(1 << 62)


class Table(NamedTuple):
    """What was read: an absent text has no length, an absent number or code is zero."""

    states: NDArray[np.uint8]
    begins: Places  # field, event
    ends: Places
    codes: Ints  # field, event
    numbers: Ints  # number, event
    places: NDArray[np.float64]  # number, event; comes with nulls, which are no numbers


@kernel
def _is_digit(character: int) -> bool:
    return _ZERO <= character <= _NINE


@kernel
def _text_end(raw: Bytes, at: int, end: int, may_hold_spaces: int) -> tuple[int, bool]:
    """Where a text ends, -1 if it does not, and whether it is plain."""
    run, is_grouped, is_plain = 0, False, True
    while at < end:
        character = raw[at]
        if _is_digit(character):
            run += 1
            is_plain &= run <= _DIGITS_MAX and not (is_grouped and run >= _GROUP)
        elif character == _QUOTE:
            return at, is_plain
        else:
            is_grouped = run >= _GROUP and character in (_DASH, _SPACE)
            run = 0
            if character <= _SPACE or character >= _DELETE or character == _BACKSLASH:
                is_plain &= bool(character == _SPACE and may_hold_spaces)
                at += character == _BACKSLASH
        at += 1
    return -1, False


@kernel
def _number_at(raw: Bytes, at: int, digits: int) -> int:
    """The number that so many digits make, or one that is far too low."""
    found = 0
    for place in range(at, at + digits):
        found = found * 10 + raw[place] - _ZERO if _is_digit(raw[place]) else _UNREADABLE >> 20
    return found


@kernel
def _days(year: int, month: int, day: int) -> int:
    """Days since 1970 (the civil calendar, years that begin in March)."""
    year -= month <= _FEBRUARY
    in_era = year % 400
    in_year = (153 * (month - 3 if month > _FEBRUARY else month + 9) + 2) // 5 + day - 1
    return year // 400 * 146_097 + in_era * 365 + in_era // 4 - in_era // 100 + in_year - 719_468


@kernel
def _month_length(year: int, month: int) -> int:
    if month == _FEBRUARY:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31


@kernel
def _instant(raw: Bytes, at: int, length: int) -> int:
    """Milliseconds of an instant as we write it, or `_UNREADABLE`."""
    year, month, day = (
        _number_at(raw, at, 4),
        _number_at(raw, at + 5, 2),
        _number_at(raw, at + 8, 2),
    )
    hour, minute = _number_at(raw, at + 11, 2), _number_at(raw, at + 14, 2)
    second, milliseconds = _number_at(raw, at + 17, 2), 0
    is_written = raw[at + 4] == _DASH and raw[at + 7] == _DASH and raw[at + 10] == _LETTER_T
    is_written &= raw[at + 13] == _COLON and raw[at + 16] == _COLON
    is_written &= raw[at + length - 1] == _LETTER_Z
    if length == _FRACTION_LENGTH:
        milliseconds = _number_at(raw, at + 20, 3)
        is_written &= raw[at + 19] == _DOT and milliseconds > 0 and _number_at(raw, at + 23, 3) == 0
    is_time = 0 <= hour < _HOURS and 0 <= minute < _SIXTY and 0 <= second < _SIXTY
    if not (is_written and is_time and year > 0 and 1 <= month <= _MONTHS):
        return _UNREADABLE
    if not 1 <= day <= _month_length(year, month):
        return _UNREADABLE
    seconds = (hour * 60 + minute) * 60 + second
    return _days(year, month, day) * _DAY_MS + seconds * 1000 + milliseconds


@kernel
def _is_address(raw: Bytes, at: int, end: int) -> bool:
    """Whether it is an IPv4 address as it is usually written."""
    parts, part, digits = 0, 0, 0
    for place in range(at, end + 1):
        if place < end and _is_digit(raw[place]):
            if digits and part == 0:
                return False
            part, digits = part * 10 + raw[place] - _ZERO, digits + 1
            if part > 255:  # noqa: PLR2004  (the highest of a byte)
                return False
        elif digits and (place == end or raw[place] == _DOT):
            parts, part, digits = parts + 1, 0, 0
        else:
            return False
    return parts == 4  # noqa: PLR2004  (bytes of an address)


@kernel
def _is_among(codes: Ints, low: int, high: int, code: np.int64) -> bool:
    last = high
    while low < high:
        middle = (low + high) // 2
        if codes[middle] < code:
            low = middle + 1
        else:
            high = middle
    return bool(low < last and codes[low] == code)


@kernel
def _is_in_form(form: int, raw: Bytes, at: int, end: int) -> bool:
    """Whether a text is written as its form says; its length was looked at."""
    if form == _COUNTRY:
        for place in range(at, end):
            if not _UPPER_A <= raw[place] <= _UPPER_Z:
                return False
    elif form == _CATEGORY:
        for place in range(at, end):
            if not _is_digit(raw[place]):
                return False
    elif form == _ADDRESS:
        return _is_address(raw, at, end)
    return True


@kernel
def _code(raw: Bytes, at: int, end: int) -> np.int64:
    code = np.int64(0)
    for place in range(at, end):
        code = code * CODE_BASE + raw[place]
    return code


@kernel
def _read_text(layout: Layout, raw: Bytes, at: int, end: int, table: Table, cell: Cell) -> int:
    """Note a text that begins with a quote at `at`; answers where the value ends, or -1."""
    field, event = cell
    line = layout.fields[field]
    last, is_plain = _text_end(raw, at + 1, end, line.form == _FREE)
    if raw[at] != _QUOTE or last < 0:
        return -1
    begin, length = at + 1, last - at - 1
    table.begins[cell], table.ends[cell] = begin, last
    if line.form == _INSTANT:
        if length not in (_SECONDS_LENGTH, _FRACTION_LENGTH):
            return -1
        found = _instant(raw, begin, length)
        table.numbers[line.number, event] = found
        return -1 if found == _UNREADABLE else last + 1
    is_plain &= line.shortest <= length <= line.longest
    if _WORD <= line.form <= _CATEGORY and length <= CODED_BYTES_MAX:
        code = _code(raw, begin, last)
        table.codes[cell] = code
        if line.form == _WORD:
            is_plain &= _is_among(layout.codes, line.codes_begin, line.codes_end, code)
    if not (is_plain and _is_in_form(line.form, raw, begin, last)):
        table.states[event] = CANONICAL
    return last + 1


@kernel
def _read_whole(raw: Bytes, at: int, end: int, table: Table, event: int) -> int:
    """The same for the amount."""
    begin, found = at, 0
    while at < end and _is_digit(raw[at]) and at - begin <= _DIGITS_MAX:
        found = found * 10 + raw[at] - _ZERO
        at += 1
    if raw[begin] == _ZERO or at == begin or found > AMOUNT_MINOR_MAX:
        return -1
    if at - begin > _DIGITS_MAX:
        table.states[event] = CANONICAL
    table.numbers[AMOUNT, event] = found
    return at


@kernel
def _place(raw: Bytes, at: int, end: int) -> float:
    """A place as it is mostly written, `-33.25`, or infinity; so few digits make it exact."""
    begin = at + (raw[at] == _DASH)
    number, scale, point = 0, 1.0, end
    for place in range(begin, end):
        if _is_digit(raw[place]):
            number = number * 10 + raw[place] - _ZERO
            scale = scale * 10.0 if place > point else 1.0
        elif raw[place] == _DOT and point == end:
            point = place
        else:
            return np.inf
    whole, part = point - begin, end - point - 1
    is_short = 1 <= whole <= _WHOLE_DIGITS_MAX and 1 <= part <= _DIGITS_MAX
    is_padded = (raw[begin] == _ZERO and whole > 1) or (raw[end - 1] == _ZERO and part > 1)
    value = number / scale
    if not is_short or is_padded or 0 < value < _PLACE_LEAST:
        return np.inf
    return -value if begin > at else value


@kernel
def _read_place(layout: Layout, raw: Bytes, at: int, end: int, table: Table, cell: Cell) -> int:
    """Note a place; one that is written in a rare way is left to others."""
    begin, (field, event) = at, cell
    while at < end and raw[at] != _COMMA and raw[at] != _CLOSE:
        at += 1
    table.begins[cell], table.ends[cell] = begin, at
    found = _place(raw, begin, at)
    table.places[layout.fields[field].number, event] = found
    if not abs(found) <= layout.fields[field].longest:
        table.states[event] = CANONICAL
    return at


@kernel
def _field_at(layout: Layout, raw: Bytes, at: int, end: int, field: int) -> int:
    """Which field's name stands here, from `field` on, none that is required left out; or -1."""
    while field < layout.fields.shape[0]:
        line = layout.fields[field]
        begin, length = line.name_begin, line.name_end - line.name_begin
        if at + length < end:
            same = 0
            while same < length and raw[at + same] == layout.names[begin + same]:
                same += 1
            if same == length:
                return field
        if line.is_required:
            return -1
        field += 1
    return -1


@kernel
def _read_message(layout: Layout, raw: Bytes, at: int, end: int, table: Table, event: int) -> bool:
    """Read one message; no where it is not written as we write transactions."""
    field, last = -1, layout.fields.shape[0] - 1
    if at == end or raw[at] != _OPEN:
        return False
    while True:
        field = _field_at(layout, raw, at + 1, end, field + 1)
        if field < 0:
            return False
        line = layout.fields[field]
        at += 1 + line.name_end - line.name_begin
        if line.form == _WHOLE:
            at = _read_whole(raw, at, end, table, event)
        elif line.form == _PLACE:
            at = _read_place(layout, raw, at, end, table, (field, event))
        else:
            at = _read_text(layout, raw, at, end, table, (field, event))
        if at < 0 or at >= end:
            return False
        if raw[at] != _COMMA:
            return bool(raw[at] == _CLOSE and at + 1 == end and field == last)


@kernel
def _is_possible(table: Table, event: int) -> bool:
    """Whether the instants are such as the door lets in, and a place has both its numbers."""
    occurred, received = table.numbers[OCCURRED, event], table.numbers[RECEIVED, event]
    if np.isnan(table.places[0, event]) != np.isnan(table.places[1, event]):
        return False
    is_possible = _EARLIEST_MS <= occurred < _LATEST_MS and _EARLIEST_MS <= received < _LATEST_MS
    return bool(is_possible and occurred <= received + _FUTURE_MS)


@kernel
def read(layout: Layout, raw: Bytes, starts: Ints, table: Table) -> None:
    """Read messages that lie one behind the other; the table comes with zeros in it."""
    for event in range(starts.shape[0] - 1):
        table.states[event] = PLAIN
        if not _read_message(layout, raw, starts[event], starts[event + 1], table, event):
            table.states[event] = FOREIGN
        elif not _is_possible(table, event):
            table.states[event] = CANONICAL
