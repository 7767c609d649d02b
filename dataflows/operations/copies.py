"""Which ids stood in the log lately: scoring drops their copies, so nobody has to wait for those.

Two Bloom filters take turns, each for a million ids: a new id is taken for a copy at most once in
100, an old one for new only after a million others, or after a restart. Good enough to tell whether
scoring stands still; nothing is decided by it.
"""

import numpy as np
from numpy.typing import NDArray

BITS = 1 << 25
IDS_MAX = 1_000_000

Words = NDArray[np.uint64]


class Copies:
    """The ids of the last one to two million messages."""

    def __init__(self, ids_max: int = IDS_MAX, bits: int = BITS) -> None:
        """Remember nothing yet."""
        self.ids_max, self.bits = ids_max, np.uint64(bits - 1)
        self.older = np.zeros(bits // 8, np.uint8)
        self.newer = self.older.copy()
        self.count = 0

    def among(self, ids: list[bytes]) -> NDArray[np.bool_]:
        """Which of the ids were there before; from now on they all were. Each has 16 bytes."""
        places = np.frombuffer(b"".join(ids), np.uint64).reshape(-1, 2) & self.bits
        found = self._holds(self.newer, places) | self._holds(self.older, places)
        self.count += len(ids)
        if self.count > self.ids_max:
            self.older, self.newer = self.newer, np.zeros_like(self.newer)
            self.count = len(ids)
        np.bitwise_or.at(self.newer, places >> np.uint64(3), self._bit(places))
        return found

    def _holds(self, filled: NDArray[np.uint8], places: Words) -> NDArray[np.bool_]:
        is_set = filled[places >> np.uint64(3)] & self._bit(places) != 0
        return np.asarray(is_set.all(axis=1), np.bool_)

    @staticmethod
    def _bit(places: Words) -> NDArray[np.uint8]:
        return (np.uint64(1) << (places & np.uint64(7))).astype(np.uint8)
