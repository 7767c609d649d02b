"""Which places of a life each look has in its window: a range, and what is there only in part.

Where events arrive in order of time, a window is a range of places. Where they do not, all places
below the first that is still to come are a range too; above it, each place is there only for looks
that it stands before. So the slow way is taken only as far as the disorder reaches.
"""

from dataclasses import dataclass

import numpy as np

from rules.features.batch.arrivals import Ints
from rules.features.batch.lives import Lives, Looks


@dataclass(frozen=True)
class Windows:
    """For each look the places `low <= place < high`, all there and not after it in time.

    Those up to `newer` are all there too; from there to `reach` are those that are there only in
    part. `end` is one past the last that is not after the look.
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
        base = looks.life * len(arrivals.times)
        low = np.searchsorted(lives.marks, base + arrivals.edge(unit, 1 - span)[looks.rows])
        if lives.is_in_order and lives.pair.is_own:
            return cls(looks, low, arrived, arrived, arrived, arrived)
        end = np.searchsorted(lives.marks, base + arrivals.edge(unit, 1)[looks.rows])
        settled = lives.lowest_after[arrived]
        reach = np.maximum(low, lives.highest_before[arrived])
        newer = np.maximum(low, np.minimum(settled, reach))
        return cls(looks, low, np.minimum(newer, end), newer, end, reach)

    @property
    def lives(self) -> Lives:
        """What the looks look into."""
        return self.looks.lives
