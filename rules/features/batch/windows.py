"""Which places of a life each look has in its window: a range, and single ones beside it.

Where events arrive in order of time, a window is a range of places. Where they do not, all places
below the first that is still to come are a range too; above it, each place is asked whether it was
there already. So the slow way is taken only as far as the disorder reaches.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from rules.features.batch.arrivals import Bools, Ints
from rules.features.batch.lives import Lives, Looks

SINGLES_AT_ONCE = 2_000_000


@dataclass(frozen=True)
class Singles:
    """Places beside the ranges: which look, which place, and whether it is not after the look."""

    looks: Ints
    places: Ints
    is_inside: Bools


@dataclass(frozen=True)
class Windows:
    """For each look the places `low <= place < high`, all there; `newer` ends those after it too.

    From `newer` to `reach` lie the places that are there only in part.
    """

    looks: Looks
    low: Ints
    high: Ints
    newer: Ints
    end: Ints
    reach: Ints

    @classmethod
    def of(cls, looks: Looks, unit: int, span: int) -> "Windows":
        """Find the edges of the window, which is `span` ticks of `unit` milliseconds long."""
        lives, arrived = looks.lives, looks.arrived
        arrivals = lives.pair.arrivals
        ticks, base = arrivals.occurred[looks.rows] // unit, looks.life * len(arrivals.times)
        low = np.searchsorted(lives.marks, base + arrivals.rank_from((ticks - span + 1) * unit))
        if lives.is_in_order and lives.pair.is_own:
            return cls(looks, low, arrived, arrived, arrived, arrived)
        end = np.searchsorted(lives.marks, base + arrivals.rank_from((ticks + 1) * unit))
        settled = lives.lowest_after[arrived]
        reach = np.maximum(low, lives.highest_before[arrived])
        newer = np.maximum(low, np.minimum(settled, reach))
        return cls(looks, low, np.minimum(newer, end), newer, end, reach)

    @property
    def lives(self) -> Lives:
        """What the looks look into."""
        return self.looks.lives

    def singles(self) -> Iterator[Singles]:
        """The places from `newer` to `reach` that are there, some looks at a time."""
        if self.lives.is_in_order:
            return
        counts = self.reach - self.newer
        disordered = np.flatnonzero(counts > 0)
        for some in _shares(disordered, counts):
            looks = np.repeat(some, counts[some])
            first = np.cumsum(counts[some]) - counts[some]
            offsets = np.arange(len(looks)) - np.repeat(first, counts[some])
            places = self.newer[looks] + offsets
            is_there = self.lives.arrival[places] < self.looks.arrived[looks]
            looks, places = looks[is_there], places[is_there]
            yield Singles(looks, places, places < self.end[looks])


def _shares(looks: Ints, counts: Ints) -> Iterator[Ints]:
    """Cut looks into parts that have so many places together, or of one look."""
    if not len(looks):
        return
    parts = np.cumsum(counts[looks]) // SINGLES_AT_ONCE
    yield from np.split(looks, np.flatnonzero(np.diff(parts)) + 1)
