"""The kernel of rings: entries sorted by time, which prune themselves and answer by bisection.

An entry is a tick and a few words. Running sums make any window the difference of two entries, so
a look costs a bisection, in order or not; only `min`, `max` and an exact `distinct` walk their
window. The first entry is a sentinel: it holds the running sums of all that was dropped.
"""

from rules.features.blocks import forget, give, take
from rules.features.compiling import kernel
from rules.features.memory import NEVER, Answers, Code, Header, Ints, Kind, Memory, Shape, Work
from rules.model import LATENESS_MS_MAX

_VALUE, _EMPTY, _LATE, _SATURATED = map(int, (Code.VALUE, Code.EMPTY, Code.LATE, Code.SATURATED))
_SUMS, _HIGHEST, _VALUES = map(int, (Kind.SUMS, Kind.HIGHEST, Kind.VALUES))


@kernel
def _entry(shape: Shape, memory: Memory, header: Header, index: int) -> int:
    """Where an entry lies in the pool; 0 is the sentinel."""
    place = header.head + index
    room = memory.rooms[header.size]
    if place >= room:
        place -= room
    return int(header.offset + place * shape.stride)


@kernel
def _after(shape: Shape, memory: Memory, header: Header, tick: int) -> int:
    """The first entry newer than `tick`."""
    low, high = 1, int(header.count)
    if high > 1 and memory.pool[_entry(shape, memory, header, high - 1)] <= tick:
        return high
    while low < high:
        middle = (low + high) // 2
        if memory.pool[_entry(shape, memory, header, middle)] > tick:
            high = middle
        else:
            low = middle + 1
    return low


@kernel
def _move(shape: Shape, memory: Memory, source: int, target: int) -> None:
    for word in range(shape.stride):
        memory.pool[target + word] = memory.pool[source + word]


@kernel
def _grow(shape: Shape, memory: Memory, header: Header) -> bool:
    """Move to a block of the next size; no where the pool has to grow first."""
    offset = take(shape, memory, header.size + 1)
    if offset < 0:
        return False
    if header.size < 0:
        memory.pool[offset : offset + shape.stride] = 0
        header.count = 1
    for index in range(header.count if header.size >= 0 else 0):
        source = _entry(shape, memory, header, index)
        _move(shape, memory, source, offset + index * shape.stride)
    give(memory, header.offset, header.size)
    header.size += 1
    header.offset = offset
    header.head = 0
    return True


@kernel
def _has_room(shape: Shape, memory: Memory, header: Header) -> bool:
    """Whether one more fits, or the ring has its full size and drops its oldest instead."""
    if header.size >= 0 and header.count < memory.rooms[header.size]:
        return True
    return header.size == memory.rooms.shape[0] - 1 or _grow(shape, memory, header)


@kernel
def _drop_first(memory: Memory, header: Header) -> None:
    """The oldest entry becomes the sentinel."""
    header.head = (header.head + 1) % memory.rooms[header.size]
    header.count -= 1


@kernel
def _prune(shape: Shape, memory: Memory, header: Header) -> None:
    """Drop what no event can look at any more without being late."""
    horizon = (header.highest - LATENESS_MS_MAX) // shape.unit - shape.span
    while header.count > 1 and memory.pool[_entry(shape, memory, header, 1)] <= horizon:
        _drop_first(memory, header)


@kernel
def _merge(shape: Shape, memory: Memory, header: Header, index: int, add: Ints) -> None:
    """Add an event to an entry, and to the running sums of those after it."""
    place = _entry(shape, memory, header, index)
    if shape.kind == _SUMS:
        for later in range(index, header.count):
            place = _entry(shape, memory, header, later)
            for word in range(shape.stride - 1):
                memory.pool[place + 1 + word] += add[word]
    elif shape.kind == _HIGHEST:
        memory.pool[place + 1] = max(memory.pool[place + 1], add[0])
    elif add[0] >= memory.pool[place + 1]:
        for word in range(shape.stride - 1):
            memory.pool[place + 1 + word] = add[word]


@kernel
def _open(shape: Shape, memory: Memory, header: Header, index: int) -> int:
    """Make a gap before `index`, and say where it lies."""
    header.count += 1
    for later in range(header.count - 1, index, -1):
        source = _entry(shape, memory, header, later - 1)
        _move(shape, memory, source, _entry(shape, memory, header, later))
    return _entry(shape, memory, header, index)


@kernel
def _link(shape: Shape, memory: Memory, header: Header, index: int) -> None:
    """Tell an entry when its value stood before, and the next entry of that value of this one."""
    place = _entry(shape, memory, header, index)
    tick, value = memory.pool[place], memory.pool[place + 1]
    memory.pool[place + 2] = NEVER
    for before in range(index - 1, 0, -1):
        other = _entry(shape, memory, header, before)
        if memory.pool[other] <= tick - shape.span:
            break
        if memory.pool[other + 1] == value:
            memory.pool[place + 2] = memory.pool[other]
            break
    for after in range(index + 1, header.count):
        other = _entry(shape, memory, header, after)
        if memory.pool[other] >= tick + shape.span:
            break
        if memory.pool[other + 1] == value:
            memory.pool[other + 2] = tick
            break


@kernel
def _insert(shape: Shape, memory: Memory, header: Header, index: int, add: Ints) -> None:
    """Give an event an entry of its own before `index`."""
    place = _open(shape, memory, header, index)
    memory.pool[place] = add[shape.stride - 1]
    if shape.kind == _SUMS:
        before = _entry(shape, memory, header, index - 1)
        for word in range(1, shape.stride):
            memory.pool[place + word] = memory.pool[before + word]
        _merge(shape, memory, header, index, add)
        return
    for word in range(shape.stride - 1):
        memory.pool[place + 1 + word] = add[word]
    if shape.kind == _VALUES:
        _link(shape, memory, header, index)


@kernel
def _add(shape: Shape, memory: Memory, header: Header, add: Ints) -> None:
    """Remember what an event brings: in the entry of its tile, or in one of its own."""
    tick = add[shape.stride - 1]
    index = _after(shape, memory, header, tick)
    if shape.is_tiled:
        if index > 1 and memory.pool[_entry(shape, memory, header, index - 1)] == tick:
            _merge(shape, memory, header, index - 1, add)
            return
    elif header.count > shape.capacity:
        if index == 1:
            header.lost = max(header.lost, tick)
            return
        header.lost = max(header.lost, memory.pool[_entry(shape, memory, header, 1)])
        _drop_first(memory, header)
        index -= 1
    _insert(shape, memory, header, index, add)


@kernel
def _remember(shape: Shape, memory: Memory, work: Work, event: int) -> bool:
    """Remember an event under its key; no where the pool has to grow first."""
    if work.rows_by[event] < 0:
        return True
    header, occurred = memory.headers[work.rows_by[event]], work.occurred[event]
    if work.clock[event] - header.touched > shape.forget_after:
        forget(memory, header)
    header.touched = work.clock[event]
    if occurred < header.highest - LATENESS_MS_MAX:
        return True
    header.highest = max(header.highest, occurred)
    if not work.is_counted[event]:
        return True
    _prune(shape, memory, header)
    if not _has_room(shape, memory, header):
        return False
    _add(shape, memory, header, work.adds[event])
    return True


@kernel
def _highest(shape: Shape, memory: Memory, header: Header, low: int, high: int) -> int:
    found = memory.pool[_entry(shape, memory, header, low) + 1]
    for index in range(low + 1, high):
        found = max(found, memory.pool[_entry(shape, memory, header, index) + 1])
    return int(found)


@kernel
def _distinct(shape: Shape, memory: Memory, header: Header, low: int, high: int) -> int:
    """Count the entries of the window whose value did not stand in it before."""
    edge = memory.pool[_entry(shape, memory, header, low)]
    found = 1
    for index in range(low + 1, high):
        found += memory.pool[_entry(shape, memory, header, index) + 2] < edge
    return found


@kernel
def _answer(shape: Shape, memory: Memory, header: Header, tick: int, words: Ints) -> int:
    """Write the words for the window that ends at `tick`, and say what they are."""
    if header.lost > tick - shape.span:
        return _SATURATED
    low = _after(shape, memory, header, tick - shape.span)
    high = _after(shape, memory, header, tick)
    if low >= high:
        return _EMPTY
    if shape.kind == _VALUES:
        words[0] = _distinct(shape, memory, header, low, high)
        return _SATURATED if words[0] > shape.distinct_capacity else _VALUE
    if shape.kind == _HIGHEST:
        words[0] = _highest(shape, memory, header, low, high)
        return _VALUE
    last, before = _entry(shape, memory, header, high - 1), _entry(shape, memory, header, low - 1)
    words[0] = high - low
    for word in range(1, shape.stride):
        words[word] = memory.pool[last + word]
        if shape.kind == _SUMS:
            words[word] -= memory.pool[before + word]
    return _VALUE


@kernel
def _look(shape: Shape, memory: Memory, work: Work, event: int, words: Ints) -> int:
    if work.rows_at[event] < 0:
        return _EMPTY
    header, occurred = memory.headers[work.rows_at[event]], work.occurred[event]
    if work.clock[event] - header.touched > shape.forget_after:
        return _EMPTY
    if occurred < header.highest - LATENESS_MS_MAX:
        return _LATE
    if header.size < 0:
        return _EMPTY
    return _answer(shape, memory, header, occurred // shape.unit, words)


@kernel
def observe(shape: Shape, memory: Memory, work: Work, answers: Answers, start: int) -> int:
    """Remember and answer from event `start` on; stops at one for which the pool has to grow."""
    for event in range(start, work.occurred.shape[0]):
        if shape.is_current_included and not _remember(shape, memory, work, event):
            return event
        answers.codes[event] = _look(shape, memory, work, event, answers.words[event])
        if not shape.is_current_included and not _remember(shape, memory, work, event):
            return event
    return int(work.occurred.shape[0])
