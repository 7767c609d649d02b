"""Blocks of a pool in sizes that double: a key takes them as it grows and gives them back."""

from rules.features.compiling import kernel
from rules.features.memory import NEVER, Header, Ints, Memory, Shape


@kernel
def take(shape: Shape, memory: Memory, size: int) -> int:
    """A block of that size, or -1 where the pool has to grow first."""
    offset = memory.free[size]
    if offset >= 0:
        memory.free[size] = memory.pool[offset]
        return int(offset)
    words = memory.rooms[size] * shape.stride
    if memory.used[0] + words > memory.pool.shape[0]:
        return -1
    memory.used[0] += words
    return int(memory.used[0] - words)


@kernel
def give(memory: Memory, offset: int, size: int) -> None:
    """Give a block back; there is none where `size` is negative."""
    if size >= 0:
        memory.pool[offset] = memory.free[size]
        memory.free[size] = offset


@kernel
def forget(memory: Memory, header: Header) -> None:
    """Give the block back and begin anew."""
    give(memory, header.offset, header.size)
    header.size = -1
    header.head = 0
    header.count = 0
    header.counted = 0
    header.counted_at = NEVER
    header.highest = NEVER
    header.lost = NEVER
    header.touched = NEVER


@kernel
def release(memory: Memory, rows: Ints) -> None:
    """Forget all these rows."""
    for row in rows:
        forget(memory, memory.headers[row])
