"""The kernel of sets: how many different values a key had in its tiles, with bounded memory.

A value has the newest tile it was in and a mask of the tiles before that one: bit *j* stands for
the tile *j* older. They lie in an open hash table that is cleaned when it is full. Of more values
than `distinct_capacity` the newest are kept; `lost` is the newest tile of any that was not.
The number of values newer than the window's edge is kept too, so that a look in order is one step.
"""

import numpy as np

from rules.features.blocks import forget, give, take
from rules.features.compiling import kernel
from rules.features.memory import NEVER, Answers, Code, Header, Ints, Memory, Shape, Work
from rules.model import LATENESS_MS_MAX

_VALUE, _EMPTY, _LATE, _SATURATED = map(int, (Code.VALUE, Code.EMPTY, Code.LATE, Code.SATURATED))
_BITS = 64
_SPREAD = np.uint64(0x9E3779B97F4A7C15)  # Values that are close together go to different places.
_HALF = np.uint64(32)


@kernel
def _slot(shape: Shape, memory: Memory, header: Header, value: int) -> int:
    """Where the value lies in the pool, or where it would."""
    last = memory.rooms[header.size] - 1
    slot = np.int64((np.uint64(value) * _SPREAD) >> _HALF) & last
    while True:
        place = header.offset + slot * shape.stride
        if memory.pool[place + 1] == NEVER or memory.pool[place] == value:
            return int(place)
        slot = (slot + 1) & last


@kernel
def _clear(shape: Shape, memory: Memory, header: Header) -> None:
    for slot in range(memory.rooms[header.size]):
        memory.pool[header.offset + slot * shape.stride + 1] = NEVER


@kernel
def _edge_to_keep(shape: Shape, memory: Memory, header: Header) -> int:
    """Values that are not newer go: they have passed, or there are too many and they are oldest."""
    newest, ages = header.highest // shape.unit, memory.scratch
    horizon = (header.highest - LATENESS_MS_MAX) // shape.unit - shape.span
    ages[:] = 0
    for slot in range(memory.rooms[header.size]):
        tick = memory.pool[header.offset + slot * shape.stride + 1]
        if tick > horizon:
            ages[newest - tick] += 1
    living = 0
    for age in range(newest - horizon):
        living += ages[age]
        if living > shape.distinct_capacity:
            header.lost = max(header.lost, newest - age)
            return int(newest - age)
    return int(horizon)


@kernel
def _move(shape: Shape, memory: Memory, header: Header, offset: int, size: int, edge: int) -> int:
    """Move the values newer than `edge` to another block, and count them."""
    before, room_before = header.offset, 0 if header.size < 0 else memory.rooms[header.size]
    size_before, header.size, header.offset = header.size, size, offset
    _clear(shape, memory, header)
    moved = 0
    for slot in range(room_before):
        source = before + slot * shape.stride
        if memory.pool[source + 1] > edge:
            target = _slot(shape, memory, header, memory.pool[source])
            for word in range(shape.stride):
                memory.pool[target + word] = memory.pool[source + word]
            moved += 1
    give(memory, before, size_before)
    return moved


@kernel
def _rebuild(shape: Shape, memory: Memory, header: Header) -> bool:
    """Clean up, in a block of a size that fits; no where the pool has to grow first."""
    size, edge = 0, NEVER
    if header.size >= 0:
        edge = _edge_to_keep(shape, memory, header)
        living = 1
        for slot in range(memory.rooms[header.size]):
            living += memory.pool[header.offset + slot * shape.stride + 1] > edge
        while size < memory.rooms.shape[0] - 1 and 2 * living > memory.rooms[size]:
            size += 1
    offset = take(shape, memory, size)
    if offset < 0:
        return False
    header.count = _move(shape, memory, header, offset, size, edge)
    header.counted_at = NEVER
    return True


@kernel
def _shift(shape: Shape, memory: Memory, place: int, distance: int) -> None:
    """Make every mark of a value so many tiles older."""
    whole, part = distance // _BITS, np.uint64(distance % _BITS)
    for word in range(shape.stride - 3, -1, -1):
        found = np.uint64(0)
        if word >= whole:
            found = np.uint64(memory.pool[place + 2 + word - whole]) << part
        if word > whole and part > 0:
            below = np.uint64(memory.pool[place + 1 + word - whole])
            found |= below >> (np.uint64(_BITS) - part)
        memory.pool[place + 2 + word] = np.int64(found)


@kernel
def _mark(shape: Shape, memory: Memory, place: int, tick: int) -> None:
    """Note that a value was in a tile."""
    newest = memory.pool[place + 1]
    if tick > newest:
        _shift(shape, memory, place, tick - newest)
        memory.pool[place + 1] = tick
        memory.pool[place + 2] |= 1
    elif newest - tick < _BITS * (shape.stride - 2):
        older = newest - tick
        bit = np.int64(np.uint64(1) << np.uint64(older % _BITS))
        memory.pool[place + 2 + older // _BITS] |= bit


@kernel
def _add(shape: Shape, memory: Memory, header: Header, value: int, tick: int) -> None:
    place, edge = _slot(shape, memory, header, value), header.counted_at - shape.span
    was_counted = memory.pool[place + 1] > edge
    if memory.pool[place + 1] == NEVER:
        header.count += 1
        memory.pool[place] = value
        memory.pool[place + 1] = tick
        memory.pool[place + 2 : place + shape.stride] = 0
    _mark(shape, memory, place, tick)
    header.counted += (memory.pool[place + 1] > edge) - was_counted


@kernel
def _remember(shape: Shape, memory: Memory, work: Work, event: int) -> bool:
    """Remember an event's value under its key; no where the pool has to grow first."""
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
    is_full = header.size < 0 or 4 * (header.count + 1) > 3 * memory.rooms[header.size]
    if is_full and not _rebuild(shape, memory, header):
        return False
    _add(shape, memory, header, work.adds[event, 0], occurred // shape.unit)
    return True


@kernel
def _stood_between(memory: Memory, place: int, edge: int, tick: int) -> bool:
    """Whether a value was in a tile newer than `edge` and not newer than `tick`."""
    newest = memory.pool[place + 1]
    for older in range(max(0, newest - tick), newest - edge):
        word = np.uint64(memory.pool[place + 2 + older // _BITS])
        if (word >> np.uint64(older % _BITS)) & np.uint64(1):
            return True
    return False


@kernel
def _look_back(shape: Shape, memory: Memory, header: Header, tick: int, words: Ints) -> int:
    """Count for a window that ends before the newest tile: the masks know."""
    edge, newer, found = tick - shape.span, 0, 0
    for slot in range(memory.rooms[header.size]):
        place = header.offset + slot * shape.stride
        if memory.pool[place + 1] > edge:
            newer += 1
            found += _stood_between(memory, place, edge, tick)
    words[0] = found
    return _SATURATED if newer > shape.distinct_capacity else _VALUE


@kernel
def _answer(shape: Shape, memory: Memory, header: Header, tick: int, words: Ints) -> int:
    edge = tick - shape.span
    if header.lost > edge:
        return _SATURATED
    if tick < header.highest // shape.unit:
        return _look_back(shape, memory, header, tick, words)
    if header.counted_at != tick:
        header.counted_at, header.counted = tick, 0
        for slot in range(memory.rooms[header.size]):
            header.counted += memory.pool[header.offset + slot * shape.stride + 1] > edge
    words[0] = header.counted
    return _SATURATED if header.counted > shape.distinct_capacity else _VALUE


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
