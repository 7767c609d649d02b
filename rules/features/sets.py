"""The kernel of sets: how many different values a key had in its tiles, with bounded memory.

A value has the newest tile it was in and a mask of the tiles before that one: bit *j* stands for
the tile *j* older. They lie in an open hash table that is cleaned when it is full. Of more values
than `distinct_capacity` the newest are kept; `lost` is the newest tile of any that was not.
The number of values newer than the window's edge is kept too, so that a look in order is one step.
"""

import numpy as np

from rules.features.blocks import give, take
from rules.features.compiling import kernel
from rules.features.memory import (
    BLOCK_WORDS_LEAST,
    NEVER,
    Answers,
    Code,
    Feature,
    Header,
    Memory,
)
from rules.model import LATENESS_MS_MAX

_VALUE, _SATURATED = int(Code.VALUE), int(Code.SATURATED)
_BITS = 64
_SPREAD = np.uint64(0x9E3779B97F4A7C15)  # Values that are close together go to different places.
_HALF = np.uint64(32)


@kernel
def _slot(feature: Feature, memory: Memory, header: Header, value: int) -> int:
    """Where the value lies in the pool, or where it would."""
    last = header.room - 1
    slot = np.int64((np.uint64(value) * _SPREAD) >> _HALF) & last
    while True:
        place = header.offset + slot * feature.stride
        if memory.pool[place + 1] == NEVER or memory.pool[place] == value:
            return int(place)
        slot = (slot + 1) & last


@kernel
def _clear(feature: Feature, memory: Memory, header: Header) -> None:
    for slot in range(header.room):
        memory.pool[header.offset + slot * feature.stride + 1] = NEVER


@kernel
def _edge_to_keep(feature: Feature, memory: Memory, header: Header) -> int:
    """Values that are not newer go: they have passed, or there are too many and they are oldest."""
    newest, ages = header.highest // feature.unit, memory.scratch
    horizon = (header.highest - LATENESS_MS_MAX) // feature.unit - feature.span
    ages[:] = 0
    for slot in range(header.room):
        tick = memory.pool[header.offset + slot * feature.stride + 1]
        if tick > horizon:
            ages[newest - tick] += 1
    living = 0
    for age in range(newest - horizon):
        living += ages[age]
        if living > feature.distinct_capacity:
            header.lost = max(header.lost, newest - age)
            return int(newest - age)
    return int(horizon)


@kernel
def _slots(feature: Feature, size: int) -> int:
    """How many places a block of that size has for values: a power of two."""
    entries, slots = (BLOCK_WORDS_LEAST << size) // feature.stride, 1
    while 2 * slots <= entries:
        slots *= 2
    return slots


@kernel
def _move(
    feature: Feature, memory: Memory, header: Header, offset: int, size: int, edge: int
) -> int:
    """Move the values newer than `edge` to another block, and count them."""
    before, size_before = header.offset, header.size
    room_before = 0 if header.size < 0 else header.room
    header.offset = offset
    header.size = size
    header.room = _slots(feature, size)
    _clear(feature, memory, header)
    moved = 0
    for slot in range(room_before):
        source = before + slot * feature.stride
        if memory.pool[source + 1] > edge:
            target = _slot(feature, memory, header, memory.pool[source])
            for word in range(feature.stride):
                memory.pool[target + word] = memory.pool[source + word]
            moved += 1
    give(memory, before, size_before)
    return moved


@kernel
def _rebuild(feature: Feature, memory: Memory, header: Header) -> bool:
    """Clean up, in a block of a size that fits; no where the pool has to grow first."""
    size, edge, wanted = feature.first_size, NEVER, 2
    if header.size >= 0:
        edge = _edge_to_keep(feature, memory, header)
        for slot in range(header.room):
            wanted += 2 * (memory.pool[header.offset + slot * feature.stride + 1] > edge)
    while _slots(feature, size) < min(wanted, feature.room_max):
        size += 1
    offset = take(memory, size)
    if offset < 0:
        return False
    header.count = _move(feature, memory, header, offset, size, edge)
    header.counted_at = NEVER
    return True


@kernel
def _shift(feature: Feature, memory: Memory, place: int, distance: int) -> None:
    """Make every mark of a value so many tiles older."""
    whole, part = distance // _BITS, np.uint64(distance % _BITS)
    for word in range(feature.stride - 3, -1, -1):
        found = np.uint64(0)
        if word >= whole:
            found = np.uint64(memory.pool[place + 2 + word - whole]) << part
        if word > whole and part > 0:
            below = np.uint64(memory.pool[place + 1 + word - whole])
            found |= below >> (np.uint64(_BITS) - part)
        memory.pool[place + 2 + word] = np.int64(found)


@kernel
def _mark(feature: Feature, memory: Memory, place: int, tick: int) -> None:
    """Note that a value was in a tile."""
    newest = memory.pool[place + 1]
    if tick > newest:
        _shift(feature, memory, place, tick - newest)
        memory.pool[place + 1] = tick
        memory.pool[place + 2] |= 1
    elif newest - tick < _BITS * (feature.stride - 2):
        older = newest - tick
        bit = np.int64(np.uint64(1) << np.uint64(older % _BITS))
        memory.pool[place + 2 + older // _BITS] |= bit


@kernel
def remember(feature: Feature, memory: Memory, header: Header, value: int, tick: int) -> bool:
    """Remember a value; no where the pool has to grow first."""
    is_full = header.size < 0 or 4 * (header.count + 1) > 3 * header.room
    if is_full and not _rebuild(feature, memory, header):
        return False
    place, edge = _slot(feature, memory, header, value), header.counted_at - feature.span
    was_counted = memory.pool[place + 1] > edge
    if memory.pool[place + 1] == NEVER:
        header.count += 1
        memory.pool[place] = value
        memory.pool[place + 1] = tick
        memory.pool[place + 2 : place + feature.stride] = 0
    _mark(feature, memory, place, tick)
    header.counted += (memory.pool[place + 1] > edge) - was_counted
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
def _look_back(feature: Feature, memory: Memory, header: Header, tick: int) -> int:
    """Count for a window that ends before the newest tile: the masks know; -1 if too many."""
    edge, newer, found = tick - feature.span, 0, 0
    for slot in range(header.room):
        place = header.offset + slot * feature.stride
        if memory.pool[place + 1] > edge:
            newer += 1
            found += _stood_between(memory, place, edge, tick)
    return found if newer <= feature.distinct_capacity else -1


@kernel
def _look_ahead(feature: Feature, memory: Memory, header: Header, tick: int) -> int:
    """Count for a window with all that is newer than its edge; -1 if too many."""
    if header.counted_at != tick:
        header.counted_at = tick
        header.counted = 0
        for slot in range(header.room):
            place = header.offset + slot * feature.stride
            header.counted += memory.pool[place + 1] > tick - feature.span
    return int(header.counted) if header.counted <= feature.distinct_capacity else -1


@kernel
def answer(
    feature: Feature, memory: Memory, header: Header, tick: int, answers: Answers, event: int
) -> int:
    """Write the number of values in the window that ends at `tick`, and say what it is."""
    if header.lost > tick - feature.span:
        return _SATURATED
    if (tick + 1) * feature.unit <= header.highest:  # It is not in the newest tile.
        found = _look_back(feature, memory, header, tick)
    else:
        found = _look_ahead(feature, memory, header, tick)
    if found < 0:
        return _SATURATED
    answers.words[feature.words, event] = found
    return _VALUE
