"""Mean and deviation from whole numbers: the one place, so that engines agree to the last bit.

A sum of squares stays exact in three whole numbers: with x = h * 10**6 + l they are the sums of
h * h, h * l and l * l. Each stays below 2**63 for nine million amounts of the largest kind.
"""

from math import sqrt

BASE = 10**6


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
