"""What the kernels work on: the shape of a feature, its memory, a batch of work, the answers."""

from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Marks = NDArray[np.uint8]

NEVER = -(1 << 62)
NO_BLOCK = -1
POOL_WORDS_LEAST = 1 << 12

HEADER = np.dtype(
    [
        ("touched", np.int64),  # By the log's clock.
        ("highest", np.int64),  # The highest occurred_at of the key.
        ("lost", np.int64),  # The newest tick that was dropped for lack of room.
        ("offset", np.int64),  # Where the block begins in the pool.
        ("size", np.int32),  # Which size the block has, or -1.
        ("head", np.int32),  # Where the ring begins.
        ("count", np.int32),  # Entries in the block; a ring's first is its sentinel.
        ("counted", np.int32),  # The number of values that was counted last ...
        ("counted_at", np.int64),  # ... and at which tick.
    ]
)


Header = Any  # One record of it.


class Kind(IntEnum):
    """What an entry of a memory holds beside its tick."""

    SUMS = 0  # Running sums, this entry included.
    HIGHEST = 1  # The highest value.
    LAST = 2  # The last `occurred_at` and the value then.
    VALUES = 3  # A value and the tick at which it stood before: `distinct`, exact.
    SET = 4  # No ring but a set of values, each with the tiles it was in: `distinct`, of tiles.


class Code(IntEnum):
    """What an answer is."""

    VALUE = 0
    EMPTY = 1
    LATE = 2
    SATURATED = 3
    FOREIGN = 4  # Another shard answers.


class Shape(NamedTuple):
    """A feature's definition as the kernels need it; ticks are tiles, or milliseconds without."""

    kind: int
    unit: int  # Milliseconds of a tick.
    span: int  # Ticks of the window.
    capacity: int  # Entries that a ring remembers, or values a set can be asked for.
    distinct_capacity: int
    stride: int  # Words of an entry.
    forget_after: int
    is_tiled: bool
    is_current_included: bool


class Memory(NamedTuple):
    """One header for each row of the keys; their blocks lie in one pool, by size."""

    headers: NDArray[np.void]
    pool: Ints
    rooms: Ints  # Entries of a block of each size.
    free: Ints  # The first free block of each size, or -1; a free block points at the next.
    used: Ints  # One number: the pool's words in use.
    scratch: Ints  # A set's values by the age of their newest tile, while it is cleaned.


class Work(NamedTuple):
    """A batch: when, under which row each event is remembered and looks, and what it brings."""

    occurred: Ints
    clock: Ints
    rows_by: Ints
    rows_at: Ints
    is_counted: NDArray[np.bool_]
    adds: Ints


class Answers(NamedTuple):
    """A code for each event, and the words of its value where there is one."""

    codes: Marks
    words: Ints
