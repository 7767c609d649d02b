"""Blocks of a pool in sizes that double: a key takes them as it grows and gives them back."""

from rules.features.compiling import kernel
from rules.features.memory import BLOCK_WORDS_LEAST, NEVER, NO_BLOCK, Header, Memory, Rows


@kernel
def take(memory: Memory, size: int) -> int:
    """A block of that size, or -1 where the pool has to grow first."""
    offset = memory.free[size]
    if offset >= 0:
        memory.free[size] = memory.pool[offset]
        return int(offset)
    words = BLOCK_WORDS_LEAST << size
    if memory.used[0] + words > memory.pool.shape[0]:
        return NO_BLOCK
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
    header.size = NO_BLOCK
    header.head = 0
    header.count = 0
    header.counted = 0
    header.counted_at = NEVER
    header.highest = NEVER
    header.lost = NEVER
    header.touched = NEVER


@kernel
def forget_rows(memory: Memory, rows: Rows) -> None:
    """Forget everything about these keys."""
    for row in rows:
        for feature in range(memory.headers.shape[1]):
            forget(memory, memory.headers[row, feature])


@kernel
def forget_feature(memory: Memory, feature: int) -> None:
    """Forget everything of one feature."""
    for row in range(memory.headers.shape[0]):
        forget(memory, memory.headers[row, feature])
