"""Many means and deviations at once are those of each alone, to the last bit."""

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from rules.features import moments

_Amounts = st.lists(st.integers(1, 10_000) | st.integers(1, 10**12), min_size=1, max_size=20)


@given(st.lists(_Amounts, min_size=1, max_size=10))
@example([[10**12] * 20, [10**12, 1], [3], [2**26, 2**26 + 1, 2**27]])
def test_many_at_once_are_those_of_each_alone(groups: list[list[int]]) -> None:
    counts = np.array([len(group) for group in groups], np.int64)
    totals = np.array([sum(group) for group in groups], np.int64)
    parts = [[moments.square_parts(value) for value in group] for group in groups]
    squares = [np.array([sum(p[at] for p in some) for some in parts]) for at in range(3)]

    means = moments.means(counts, totals).tolist()
    deviations = moments.deviations(counts, totals, squares).tolist()

    assert means == [moments.mean(len(group), sum(group)) for group in groups]
    assert deviations == [
        moments.deviation(len(group), sum(group), (sum(h), sum(c), sum(low)))
        for group, some in zip(groups, parts, strict=True)
        for h, c, low in [zip(*some, strict=True)]
    ]


def test_nothing_makes_no_noise() -> None:
    nothing = np.zeros(1, np.int64)

    moments.means(nothing, nothing)
    moments.deviations(nothing, nothing, [nothing] * 3)
