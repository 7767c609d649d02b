"""Questions about ranges of an array, each answered for many ranges `low <= place < high` at once.

None of them looks at the elements one after the other: the work is a few passes over the array,
and a step for each doubling of the longest range.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rules.features.batch.arrivals import Bools, Ints

PLACES_AT_ONCE = 2_000_000

Numbers = NDArray[np.int64] | NDArray[np.float64]


def totals(values: Ints, low: Ints, high: Ints) -> Ints:
    """The sums; exact wherever the sum itself fits, because what runs over runs back again."""
    sums = running(values)
    found: Ints = sums[high] - sums[low]
    return found


def running(values: Ints) -> Ints:
    """The sum of the values before each place, and at last of all."""
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(values, dtype=np.int64)])


def extremes(pick: np.ufunc, values: Numbers, low: Ints, high: Ints) -> Numbers:
    """The lowest (`np.minimum`) or highest (`np.maximum`); anything where the range is empty."""
    found: Any = np.zeros(len(low), values.dtype)
    levels = np.frexp(high - low)[1] - 1  # Of the largest power of two that fits.
    table: Any = values
    for level in range(int(levels.max(initial=-1)) + 1):
        width = 1 << level
        asked = np.flatnonzero(levels == level)
        found[asked] = pick(table[low[asked]], table[high[asked] - width])
        table = pick(table[:-width], table[width:])
    extreme: Numbers = found
    return extreme


def differents(groups: Ints, starts: Ints, low: Ints, high: Ints) -> Ints:
    """How many different groups; `starts` is where the life of each place begins.

    A group has places of one life alone. The first place of each group in the range is counted: it
    is the one whose predecessor in the group, if any, stands before the range.
    """
    found = high - low
    asked = np.flatnonzero(found > 1)
    if len(asked):
        own = predecessors(groups) - starts + 1  # Nought where there is none.
        own[own < 0] = 0
        limits = low[asked] - starts[low[asked]] + 1
        found[asked] = 0
        for part in below(own, low[asked], high[asked], limits):
            found[asked[part.asked]] += part.last - part.first
    return found


def predecessors(groups: Ints) -> Ints:
    """For each place the place before it in its group, or -1."""
    order = np.argsort(groups, kind="stable")
    found = np.full(len(groups), -1, np.int64)
    is_same = groups[order[1:]] == groups[order[:-1]]
    found[order[1:][is_same]] = order[:-1][is_same]
    return found


def holds(groups: Ints, sought: Ints, low: Ints, high: Ints) -> Bools:
    """Whether the sought group has a place in the range."""
    width = len(groups) + 1
    order = np.argsort(groups, kind="stable")
    table = groups[order] * width + order
    last = np.searchsorted(table, sought * width + high) - 1
    is_there = last >= 0
    is_there[is_there] = table[last[is_there]] >= (sought * width + low)[is_there]
    return is_there


@dataclass(frozen=True, slots=True)
class Part:
    """A share of the places that were asked for: `order[first:last]`, for each range `asked`."""

    order: Ints
    asked: Ints
    first: Ints
    last: Ints


def below(values: Ints, low: Ints, high: Ints, limits: Ints) -> Iterator[Part]:
    """The places of each range whose value is below its limit, in parts: a wavelet matrix.

    The places are sorted by one bit of their values after the other, the highest first; those whose
    bits so far are the limit's, and the next is below the limit's, lie side by side, in order.
    """
    order = np.arange(len(values), dtype=np.int64)
    bits = int(max(values.max(initial=0), limits.max(initial=0))).bit_length()
    for bit in range(bits - 1, -1, -1):
        is_one = (values >> bit) & 1 == 1
        zeros = np.concatenate([np.zeros(1, np.int64), np.cumsum(~is_one)])
        first, last = zeros[low], zeros[high]
        goes_on = (limits >> bit) & 1 == 1
        asked = np.flatnonzero(goes_on & (first < last))
        yield Part(order[~is_one], asked, first[asked], last[asked])
        low = np.where(goes_on, zeros[-1] + low - first, first)
        high = np.where(goes_on, zeros[-1] + high - last, last)
        values = np.concatenate([values[~is_one], values[is_one]])
        order = np.concatenate([order[~is_one], order[is_one]])


def spread(low: Ints, high: Ints, at_once: int = PLACES_AT_ONCE) -> Iterator[tuple[Ints, Ints]]:
    """Every place of every range, with the range that it is of, some millions at a time."""
    counts = high - low
    for some in _shares(np.flatnonzero(counts > 0), counts, at_once):
        owners = np.repeat(some, counts[some])
        before = np.cumsum(counts[some]) - counts[some]
        yield owners, low[owners] + np.arange(len(owners)) - np.repeat(before, counts[some])


def _shares(owners: Ints, counts: Ints, at_once: int) -> Iterator[Ints]:
    """Cut owners into parts that have so many places together, or of one owner."""
    if len(owners):
        parts = np.cumsum(counts[owners]) // at_once
        yield from np.split(owners, np.flatnonzero(np.diff(parts)) + 1)
