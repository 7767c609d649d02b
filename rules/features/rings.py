"""Rings: entries sorted by time, which prune themselves and answer by bisection.

An entry is a tick and a few words. Running sums make any window the difference of two entries, so
a look costs a bisection, in order or not; only `min`, `max` and an exact `distinct` walk their
window. The first entry is a sentinel: it holds the running sums of all that was dropped.
"""

from rules.features.blocks import give, take
from rules.features.compiling import kernel
from rules.features.memory import (
    BLOCK_WORDS_LEAST,
    NEVER,
    Answers,
    Code,
    Feature,
    Header,
    Kind,
    Memory,
    Work,
)
from rules.features.moments import BASE
from rules.model import LATENESS_MS_MAX

_VALUE, _EMPTY, _SATURATED = map(int, (Code.VALUE, Code.EMPTY, Code.SATURATED))
_SUMS, _HIGHEST, _LAST, _VALUES = map(int, (Kind.SUMS, Kind.HIGHEST, Kind.LAST, Kind.VALUES))


@kernel
def _entry(feature: Feature, header: Header, index: int) -> int:
    """Where an entry lies in the pool; 0 is the sentinel."""
    place = header.head + index
    if place >= header.room:
        place -= header.room
    return int(header.offset + place * feature.stride)


@kernel
def _after(feature: Feature, memory: Memory, header: Header, tick: int) -> int:
    """The first entry newer than `tick`."""
    low, high = 1, int(header.count)
    if high > 1 and memory.pool[_entry(feature, header, high - 1)] <= tick:
        return high
    while low < high:
        middle = (low + high) // 2
        if memory.pool[_entry(feature, header, middle)] > tick:
            high = middle
        else:
            low = middle + 1
    return low


@kernel
def _word(feature: Feature, work: Work, event: int, index: int) -> int:
    """What an event brings for the word at `index` of an entry; the tick is not counted."""
    if feature.kind == _LAST:
        if index == 0:
            return int(work.occurred[event])
        return int(work.cells[event, feature.column + index - 1])
    if feature.is_tiled and feature.kind == _SUMS:
        if index == 0:
            return 1  # The number of events is one of the sums.
        index -= 1
    value = work.cells[event, feature.column]
    if index == 0:
        return int(-value if feature.is_negated else value)
    high, low = value // BASE, value % BASE
    return int(high * high if index == 1 else (high * low if index == 2 else low * low))  # noqa: PLR2004  (`moments` has the parts)


@kernel
def _move(feature: Feature, memory: Memory, source: int, target: int) -> None:
    for word in range(feature.stride):
        memory.pool[target + word] = memory.pool[source + word]


@kernel
def _grow(feature: Feature, memory: Memory, header: Header) -> bool:
    """Move to a block of the next size; no where the pool has to grow first."""
    size = feature.first_size if header.size < 0 else header.size + 1
    offset = take(memory, size)
    if offset < 0:
        return False
    if header.size < 0:
        memory.pool[offset : offset + feature.stride] = 0
        header.count = 1
    for index in range(header.count if header.size >= 0 else 0):
        source = _entry(feature, header, index)
        _move(feature, memory, source, offset + index * feature.stride)
    give(memory, header.offset, header.size)
    header.size = size
    header.room = min((BLOCK_WORDS_LEAST << size) // feature.stride, feature.room_max)
    header.offset = offset
    header.head = 0
    return True


@kernel
def _has_room(feature: Feature, memory: Memory, header: Header) -> bool:
    """Whether one more fits, or the ring has its full size and drops its oldest instead."""
    if header.size >= 0 and (header.count < header.room or header.room == feature.room_max):
        return True
    return _grow(feature, memory, header)


@kernel
def _drop_first(header: Header) -> None:
    """The oldest entry becomes the sentinel."""
    header.head += 1
    if header.head == header.room:
        header.head = 0
    header.count -= 1


@kernel
def _prune(feature: Feature, memory: Memory, header: Header) -> None:
    """Drop what no event can look at any more without being late."""
    horizon = header.highest - LATENESS_MS_MAX  # Without a division, which costs most of all this.
    while header.count > 1:
        oldest = memory.pool[_entry(feature, header, 1)]
        if (oldest + feature.span) * feature.unit > horizon:
            break
        _drop_first(header)


@kernel
def _merge(
    feature: Feature, memory: Memory, header: Header, index: int, work: Work, event: int
) -> None:
    """Add an event to an entry, and to the running sums of those after it."""
    place = _entry(feature, header, index)
    if feature.kind == _SUMS:
        for word in range(feature.stride - 1):
            add = _word(feature, work, event, word)
            for later in range(index, header.count):
                memory.pool[_entry(feature, header, later) + 1 + word] += add
    elif feature.kind == _HIGHEST:
        memory.pool[place + 1] = max(memory.pool[place + 1], _word(feature, work, event, 0))
    elif work.occurred[event] >= memory.pool[place + 1]:
        for word in range(feature.stride - 1):
            memory.pool[place + 1 + word] = _word(feature, work, event, word)


@kernel
def _open(feature: Feature, memory: Memory, header: Header, index: int) -> int:
    """Make a gap before `index`, and say where it lies."""
    header.count += 1
    for later in range(header.count - 1, index, -1):
        source = _entry(feature, header, later - 1)
        _move(feature, memory, source, _entry(feature, header, later))
    return _entry(feature, header, index)


@kernel
def _link(feature: Feature, memory: Memory, header: Header, index: int) -> None:
    """Tell an entry when its value stood before, and the next entry of that value of this one."""
    place = _entry(feature, header, index)
    tick, value = memory.pool[place], memory.pool[place + 1]
    memory.pool[place + 2] = NEVER
    for before in range(index - 1, 0, -1):
        other = _entry(feature, header, before)
        if memory.pool[other] <= tick - feature.span:
            break
        if memory.pool[other + 1] == value:
            memory.pool[place + 2] = memory.pool[other]
            break
    for after in range(index + 1, header.count):
        other = _entry(feature, header, after)
        if memory.pool[other] >= tick + feature.span:
            break
        if memory.pool[other + 1] == value:
            memory.pool[other + 2] = tick
            break


@kernel
def _insert(
    feature: Feature, memory: Memory, header: Header, index: int, work: Work, event: int
) -> None:
    """Give an event an entry of its own before `index`."""
    place = _open(feature, memory, header, index)
    memory.pool[place] = work.ticks[feature.ticks, event]
    if feature.kind == _SUMS:
        before = _entry(feature, header, index - 1)
        for word in range(1, feature.stride):
            memory.pool[place + word] = memory.pool[before + word]
        _merge(feature, memory, header, index, work, event)
    elif feature.kind == _VALUES:
        memory.pool[place + 1] = work.cells[event, feature.column]
        _link(feature, memory, header, index)
    else:
        for word in range(feature.stride - 1):
            memory.pool[place + 1 + word] = _word(feature, work, event, word)


@kernel
def remember(feature: Feature, memory: Memory, header: Header, work: Work, event: int) -> bool:
    """Remember an event that counts; no where the pool has to grow first."""
    _prune(feature, memory, header)
    if not _has_room(feature, memory, header):
        return False
    tick = work.ticks[feature.ticks, event]
    index = _after(feature, memory, header, tick)
    if feature.is_tiled:
        if index > 1 and memory.pool[_entry(feature, header, index - 1)] == tick:
            _merge(feature, memory, header, index - 1, work, event)
            return True
    elif header.count > feature.capacity:
        oldest = memory.pool[_entry(feature, header, 1)] if index > 1 else tick
        header.lost = max(header.lost, oldest)
        if index == 1:
            return True
        _drop_first(header)
        index -= 1
    _insert(feature, memory, header, index, work, event)
    return True


@kernel
def _highest(feature: Feature, memory: Memory, header: Header, low: int, high: int) -> int:
    found = memory.pool[_entry(feature, header, low) + 1]
    for index in range(low + 1, high):
        found = max(found, memory.pool[_entry(feature, header, index) + 1])
    return int(found)


@kernel
def _distinct(feature: Feature, memory: Memory, header: Header, low: int, high: int) -> int:
    """Count the entries of the window whose value did not stand in it before."""
    first = memory.pool[_entry(feature, header, low)]
    found = 1
    for index in range(low + 1, high):
        found += memory.pool[_entry(feature, header, index) + 2] < first
    return found


@kernel
def answer(
    feature: Feature, memory: Memory, header: Header, tick: int, answers: Answers, event: int
) -> int:
    """Write the words for the window that ends at `tick`, and say what they are."""
    if header.lost > tick - feature.span:
        return _SATURATED
    low = _after(feature, memory, header, tick - feature.span)
    high = _after(feature, memory, header, tick)
    if low >= high:
        return _EMPTY
    words, line = answers.words, feature.words
    if feature.kind == _VALUES:
        words[line, event] = _distinct(feature, memory, header, low, high)
        return _SATURATED if words[line, event] > feature.distinct_capacity else _VALUE
    if feature.kind == _HIGHEST:
        words[line, event] = _highest(feature, memory, header, low, high)
        return _VALUE
    last, before = _entry(feature, header, high - 1), _entry(feature, header, low - 1)
    words[line, event] = high - low
    for word in range(1, feature.stride):
        words[line + word, event] = memory.pool[last + word]
        if feature.kind == _SUMS:
            words[line + word, event] -= memory.pool[before + word]
    return _VALUE
