"""Mean and deviation from whole numbers: the one place, so that engines agree to the last bit.

A sum of squares stays exact in three whole numbers: with x = h * 10**6 + l they are the sums of
h * h, h * l and l * l. Each stays below 2**63 for nine million amounts of the largest kind.
"""

from collections.abc import Sequence
from math import sqrt

import numpy as np
from numpy.typing import NDArray

BASE = 10**6
EXACT_MAX = 2.0**53  # Every whole number up to it is a 64-bit float.
WHOLE_MAX = 2.0**62

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def mean(count: int, total: int) -> float | None:
    """The mean of `count` whole numbers that add up to `total`; None of nothing."""
    return float(total) / count if count else None


def deviation(count: int, total: int, squares: tuple[int, int, int]) -> float | None:
    """The population's standard deviation, from sums of h * h, h * l and l * l."""
    if not count:
        return None
    high, cross, low = squares
    square = high * BASE * BASE + 2 * cross * BASE + low
    return sqrt((count * square - total * total) / (count * count))


def square_parts(value: int) -> tuple[int, int, int]:
    """What one value adds to the three sums."""
    high, low = divmod(value, BASE)
    return high * high, high * low, low * low


def means(counts: Ints, totals: Ints) -> Floats:
    """`mean` of many; anything where there is nothing."""
    found: Floats = totals.astype(np.float64) / np.maximum(counts, 1)
    return found


def deviations(counts: Ints, totals: Ints, squares: Sequence[Ints]) -> Floats:
    """`deviation` of many; anything where there is nothing."""
    high, cross, low = squares
    estimate = counts * (high * float(BASE * BASE) + cross * 2.0 * BASE + low)
    square = high * (BASE * BASE) + 2 * cross * BASE + low  # Wrong past what fits: see below.
    above, below = counts * square - totals * totals, np.maximum(counts * counts, 1)
    found: Floats = np.sqrt(np.maximum(above, 0) / below)
    # Two whole numbers that are exact floats divide like Python's; others are left to Python.
    is_large = (estimate >= WHOLE_MAX) | (above >= EXACT_MAX) | (below >= EXACT_MAX)
    for at in np.flatnonzero(is_large & (counts > 0)).tolist():
        parts = int(high[at]), int(cross[at]), int(low[at])
        found[at] = deviation(int(counts[at]), int(totals[at]), parts)
    return found
