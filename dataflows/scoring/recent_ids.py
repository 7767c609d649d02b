"""Which ids stood in the log lately: their copies are decided once."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rules.features.blobs import Blob, packed, unpacked
from rules.features.compiling import kernel

REACH = 1_000_000  # Positions.
NOWHERE = -1
SLOTS_LEAST = 1 << 12

Words = NDArray[np.uint64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Ids = NDArray[np.uint8]


@kernel
def _slot_of(names: Words, positions: Ints, first: np.uint64, second: np.uint64) -> np.uint64:
    """The slot where the id stands, or the empty one where it would."""
    last = np.uint64(positions.shape[0] - 1)
    slot = (first ^ second) & last
    while positions[slot] != NOWHERE and (names[slot, 0] != first or names[slot, 1] != second):
        slot = (slot + np.uint64(1)) & last
    return slot


@kernel
def _note(names: Words, positions: Ints, ids: Words, at: Ints, reach: int, is_copy: Bools) -> int:
    """Note where each id stands now and whether it stood near before; answers how many are new."""
    new = 0
    for row in range(ids.shape[0]):
        first, second = ids[row, 0], ids[row, 1]
        slot = _slot_of(names, positions, first, second)
        before = positions[slot]
        new += before == NOWHERE
        is_copy[row] = before != NOWHERE and at[row] - before <= reach
        names[slot, 0] = first
        names[slot, 1] = second
        positions[slot] = at[row]
    return new


class RecentIds:
    """The ids of the last positions, in a hash table that is cleaned when it fills."""

    def __init__(self, reach: int = REACH) -> None:
        """Know nothing yet; a copy counts as one if it stands at most `reach` positions behind."""
        self.reach = reach
        self._make(SLOTS_LEAST)

    def _make(self, slots: int) -> None:
        self.names: Words = np.zeros((slots, 2), np.uint64)
        self.positions: Ints = np.full(slots, NOWHERE, np.int64)
        self.count = 0

    def note(self, ids: Ids, positions: Sequence[int]) -> Bools:
        """Which of the ids, in order of position, are copies; a copy renews its id too."""
        is_copy, at = np.zeros(len(ids), np.bool_), np.array(positions, np.int64)
        if not len(ids):
            return is_copy
        if 4 * (self.count + len(ids)) > 3 * len(self.positions):
            self._clean(int(at[0]), len(ids))
        names = ids.view(np.uint64)
        self.count += _note(self.names, self.positions, names, at, self.reach, is_copy)
        return is_copy

    def _clean(self, position: int, more: int) -> None:
        names, positions = self._recent(position)
        slots = SLOTS_LEAST
        while slots < 2 * (len(positions) + more):
            slots *= 2
        self._fill(slots, names, positions)

    def _recent(self, position: int) -> tuple[Words, Ints]:
        is_recent = (self.positions != NOWHERE) & (self.positions >= position - self.reach)
        return self.names[is_recent], self.positions[is_recent]

    def _fill(self, slots: int, names: Words, positions: Ints) -> None:
        self._make(slots)
        ignored = np.zeros(len(positions), np.bool_)
        self.count = _note(self.names, self.positions, names, positions, self.reach, ignored)

    def snapshot(self) -> dict[str, Blob]:
        """The ids that still matter."""
        names, positions = self._recent(int(self.positions.max()))
        return packed({"names": names, "positions": positions})

    def restore(self, snapshot: dict[str, Blob]) -> None:
        """Know what was known."""
        arrays = unpacked(snapshot)
        slots = SLOTS_LEAST
        while slots < 2 * len(arrays["positions"]):
            slots *= 2
        self._fill(slots, arrays["names"], arrays["positions"])
