"""Questions about ranges, against the same asked of each range alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.features.batch import ranges
from rules.features.batch.arrivals import Ints

WIDTH = 40
_Ends = st.lists(st.tuples(st.integers(0, WIDTH), st.integers(0, WIDTH)), min_size=1, max_size=8)
_Numbers = st.lists(st.integers(-50, 50), min_size=WIDTH, max_size=WIDTH)
_Groups = st.lists(st.integers(0, 5), min_size=WIDTH, max_size=WIDTH)

Edges = tuple[Ints, Ints]


def _edges(ends: list[tuple[int, int]]) -> Edges:
    ordered = np.array([sorted(pair) for pair in ends], np.int64)
    return ordered[:, 0], ordered[:, 1]


def _slices(values: list[int], edges: Edges) -> list[list[int]]:
    return [values[low:high] for low, high in zip(*edges, strict=True)]


@given(_Numbers, _Ends)
def test_totals(numbers: list[int], ends: list[tuple[int, int]]) -> None:
    edges = _edges(ends)

    found = ranges.totals(np.array(numbers), *edges)

    assert found.tolist() == [sum(part) for part in _slices(numbers, edges)]


def test_a_total_that_fits_is_exact_where_what_stood_before_it_does_not() -> None:
    values = np.array([2**62, 2**62, 2**62, 5, 6], np.int64)

    assert ranges.totals(values, np.array([3]), np.array([5])).tolist() == [11]


@given(_Numbers, _Ends)
def test_extremes(numbers: list[int], ends: list[tuple[int, int]]) -> None:
    edges = _edges(ends)
    parts = _slices(numbers, edges)

    lowest = ranges.extremes(np.minimum, np.array(numbers), *edges).tolist()
    highest = ranges.extremes(np.maximum, np.array(numbers), *edges).tolist()

    assert [low for low, part in zip(lowest, parts, strict=True) if part] == [
        min(part) for part in parts if part
    ]
    assert [high for high, part in zip(highest, parts, strict=True) if part] == [
        max(part) for part in parts if part
    ]


@given(_Groups, _Ends)
def test_different_groups(groups: list[int], ends: list[tuple[int, int]]) -> None:
    edges = _edges(ends)

    found = ranges.differents(np.array(groups), np.zeros(WIDTH, np.int64), *edges)

    assert found.tolist() == [len(set(part)) for part in _slices(groups, edges)]


@given(_Groups, _Ends, st.integers(0, 6))
def test_whether_a_group_has_a_place(
    groups: list[int], ends: list[tuple[int, int]], sought: int
) -> None:
    edges = _edges(ends)

    found = ranges.holds(np.array(groups), np.full(len(ends), sought), *edges)

    assert found.tolist() == [sought in part for part in _slices(groups, edges)]


@given(st.permutations(range(WIDTH)), _Ends, st.integers(0, WIDTH))
def test_places_below_a_limit_come_in_parts_each_in_order(
    values: list[int], ends: list[tuple[int, int]], limit: int
) -> None:
    low, high = _edges(ends)
    found: list[list[int]] = [[] for _ in ends]

    for part in ranges.below(np.array(values), low, high, np.full(len(ends), limit)):
        for asked, first, last in zip(part.asked, part.first, part.last, strict=True):
            some = part.order[first:last].tolist()
            assert some == sorted(some)
            found[asked] += some

    assert [sorted(places) for places in found] == [
        [place for place in range(begin, end) if values[place] < limit]
        for begin, end in zip(low, high, strict=True)
    ]


@pytest.mark.parametrize("at_once", [1, 7, 1_000])
def test_every_place_of_every_range_is_told_once(at_once: int) -> None:
    low, high = np.array([3, 5, 5, 0]), np.array([9, 5, 8, 2])

    parts = list(ranges.spread(low, high, at_once))

    pairs = [pair for part in parts for pair in zip(*(item.tolist() for item in part), strict=True)]
    assert pairs == [
        (owner, place) for owner in (0, 2, 3) for place in range(low[owner], high[owner])
    ]
