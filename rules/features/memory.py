"""What the kernels work on: a table of features, their memory, a batch of work, the answers."""

from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Rows = NDArray[np.int64]
Records = NDArray[np.void]

NEVER = -(1 << 62)
NO_BLOCK = -1
BLOCK_WORDS_LEAST = 8  # A block of size k has 2**k times as many.
POOL_WORDS_LEAST = 1 << 12


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


FEATURE = np.dtype(
    [
        ("unit", np.int64),  # Milliseconds of a tick: of a tile, or one.
        ("span", np.int64),  # Ticks of the window.
        ("forget_after", np.int64),
        ("null", np.int64),  # What stands for null in `null_column`.
        ("kind", np.int32),
        ("stride", np.int32),  # Words of an entry.
        ("capacity", np.int32),  # Events that an exact feature remembers.
        ("distinct_capacity", np.int32),
        ("first_size", np.int32),  # Of a key's first block.
        ("room_max", np.int32),  # Entries that the largest block has to hold.
        ("is_tiled", np.int32),
        ("is_current_included", np.int32),
        ("is_negated", np.int32),  # The least is the highest of the negated.
        ("column", np.int32),  # Where its value stands in the cells.
        ("null_column", np.int32),  # Where it is seen that there is none, or -1.
        ("mask", np.int32),  # Which mask tells of `where`, or -1 ...
        ("bit", np.int32),  # ... and which of its bits.
        ("ticks", np.int32),  # Which of the ticks are its own.
        ("at", np.int32),  # Which of the rows are those of its `at` key.
        ("number", np.int32),  # Its line among the answers' codes ...
        ("words", np.int32),  # ... and its first among their words.
    ],
    align=True,
)

HEADER = np.dtype(
    [
        ("touched", np.int64),  # By the log's clock.
        ("highest", np.int64),  # The highest occurred_at of the key.
        ("lost", np.int64),  # The newest tick that was dropped for lack of room.
        ("offset", np.int64),  # Where the block begins in the pool.
        ("size", np.int32),  # Which size the block has, or NO_BLOCK ...
        ("room", np.int32),  # ... and how many entries that is.
        ("head", np.int32),  # Where the ring begins.
        ("count", np.int32),  # Entries in the block; a ring's first is its sentinel.
        ("counted", np.int32),  # The number of values that was counted last ...
        ("unused", np.int32),
        ("counted_at", np.int64),  # ... and at which tick.
    ],
    align=True,
)

Feature = Any  # A record of FEATURE.
Header = Any  # A record of HEADER.


class Memory(NamedTuple):
    """For each key's row one header for each feature; their blocks lie in one pool, by size."""

    headers: Records  # row, feature
    pool: Ints
    free: Ints  # The first free block of each size, or -1; a free block points at the next.
    used: Ints  # One number: the pool's words in use.
    scratch: Ints  # A set's values by the age of their newest tile, while it is cleaned.


class Work(NamedTuple):
    """A batch: when, under which row each event is remembered and looks, and what it brings."""

    occurred: Ints
    clock: Ints
    rows_by: Rows
    rows_at: Rows  # at, event
    masks: Ints  # event, mask
    cells: Ints  # event, column
    ticks: Ints  # unit, event


class Answers(NamedTuple):
    """A code for each feature and event, and the words of its value where there is one."""

    codes: NDArray[np.uint8]
    words: Ints


def empty_headers(rows: int, features: int) -> Records:
    """Headers of keys of which nothing is remembered."""
    headers: Records = np.zeros((rows, features), HEADER)
    for name in ("touched", "highest", "lost", "counted_at"):
        headers[name] = NEVER
    headers["size"] = NO_BLOCK
    return headers
