"""Keys become rows: a hash table that knows when each key was last touched, and forgets."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rules.features.compiling import kernel
from rules.features.hashing import Words

Ints = NDArray[np.int64]

NOBODY = -1  # No such row: the key is null, unknown, or another shard's.
NEVER = -(1 << 62)
ROWS_LEAST = 256
SLOTS_PER_ROW = 2
_ROWS_USED, _ROWS_FREE = 0, 1


class Table(NamedTuple):
    """`slots` point at rows; rows that were given back lie on the stack `free`."""

    names: Words
    touched: Ints
    free: Ints
    slots: NDArray[np.int32]
    counters: Ints


@kernel
def _slot_of(table: Table, high: np.uint64, low: np.uint64) -> np.uint64:
    """The slot where the key stands, or the empty one where it would."""
    last = table.slots.shape[0] - 1
    slot = (high >> np.uint64(1)) & np.uint64(last)
    while True:
        row = table.slots[slot]
        if row == NOBODY or (table.names[row, 0] == high and table.names[row, 1] == low):
            return slot
        slot = (slot + np.uint64(1)) & np.uint64(last)


@kernel
def _new_row(table: Table) -> int:
    counters = table.counters
    if counters[_ROWS_FREE]:
        counters[_ROWS_FREE] -= 1
        return int(table.free[counters[_ROWS_FREE]])
    counters[_ROWS_USED] += 1
    return int(counters[_ROWS_USED] - 1)


@kernel
def _place(table: Table, hashes: Words, clock: Ints, rows: Ints) -> None:
    for event in range(hashes.shape[0]):
        high, low = hashes[event, 0], hashes[event, 1]
        if high == 0:
            continue
        slot = _slot_of(table, high, low)
        row = table.slots[slot]
        if row == NOBODY:
            row = _new_row(table)
            table.slots[slot] = row
            table.names[row, 0] = high
            table.names[row, 1] = low
        table.touched[row] = clock[event]
        rows[event] = row


@kernel
def _find(table: Table, hashes: Words, rows: Ints) -> None:
    for event in range(hashes.shape[0]):
        high, low = hashes[event, 0], hashes[event, 1]
        if high != 0:
            rows[event] = table.slots[_slot_of(table, high, low)]


@kernel
def _fill(table: Table) -> None:
    """Point the slots, all empty, at every row in use."""
    for row in range(table.counters[_ROWS_USED]):
        high, low = table.names[row, 0], table.names[row, 1]
        if high != 0:
            table.slots[_slot_of(table, high, low)] = row


def _empty(rows: int) -> Table:
    return Table(
        np.zeros((rows, 2), np.uint64),
        np.full(rows, NEVER, np.int64),
        np.zeros(rows, np.int64),
        np.full(SLOTS_PER_ROW * rows, NOBODY, np.int32),
        np.zeros(2, np.int64),
    )


class Keys:
    """The keys of one `by`, as rows that all its features share."""

    def __init__(self, table: Table | None = None) -> None:
        """Begin empty, or go on with a table."""
        self.table = table or _empty(ROWS_LEAST)

    @property
    def rows(self) -> int:
        """One past the highest row in use."""
        return int(self.table.counters[_ROWS_USED])

    @property
    def living(self) -> int:
        """How many keys there are."""
        return self.rows - int(self.table.counters[_ROWS_FREE])

    @property
    def room(self) -> int:
        """How many rows there is room for."""
        return len(self.table.touched)

    def has_room_for(self, more: int) -> bool:
        """Whether so many new keys fit without growing."""
        return self.living + more <= self.room

    def grow(self, more: int) -> None:
        """Make room for so many new keys, at least twice of what there was."""
        room = self.room
        while room < self.living + more:
            room *= 2
        self.table = restored(self.saved(), room).table

    def place(self, hashes: Words, clock: Ints) -> Ints:
        """The row of each key, made where there was none; there is room for all of them."""
        rows = np.full(len(hashes), NOBODY, np.int64)
        _place(self.table, hashes, clock, rows)
        return rows

    def find(self, hashes: Words) -> Ints:
        """The row of each key, or `NOBODY`."""
        rows = np.full(len(hashes), NOBODY, np.int64)
        _find(self.table, hashes, rows)
        return rows

    def forget(self, before: int) -> Ints:
        """Give back the rows not touched since; they come empty to their next key."""
        table, used = self.table, self.rows
        is_silent = (table.names[:used, 0] != 0) & (table.touched[:used] < before)
        rows: Ints = np.flatnonzero(is_silent)
        free = int(table.counters[_ROWS_FREE])
        table.free[free : free + len(rows)] = rows
        table.counters[_ROWS_FREE] += len(rows)
        table.names[rows] = 0
        table.slots.fill(NOBODY)
        _fill(table)
        return rows

    @property
    def state_bytes(self) -> int:
        """How much memory the table takes."""
        return sum(array.nbytes for array in self.table)

    def saved(self) -> dict[str, NDArray[np.generic]]:
        """Everything but the slots, which `restored` makes anew."""
        rows, free = self.table.counters
        return {
            "names": self.table.names[:rows],
            "touched": self.table.touched[:rows],
            "free": self.table.free[:free],
        }


def restored(saved: dict[str, NDArray[np.generic]], room: int = ROWS_LEAST) -> Keys:
    """The keys that were saved, in a table with at least so much room (a power of two)."""
    rows, free = len(saved["names"]), len(saved["free"])
    while room < rows:
        room *= 2
    table = _empty(room)
    table.names[:rows], table.touched[:rows] = saved["names"], saved["touched"]
    table.free[:free] = saved["free"]
    table.counters[:] = rows, free
    _fill(table)
    return Keys(table)
