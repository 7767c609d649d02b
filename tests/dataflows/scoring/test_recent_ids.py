"""Copies are told by the positions between them, however the memory grows, cleans and restarts."""

from collections.abc import Iterable

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dataflows.scoring.recent_ids import REACH, Ids, RecentIds

REACH_HERE = 5


def _ids(numbers: Iterable[int]) -> Ids:
    found = [number.to_bytes(8, "big") + bytes(7) + b"\x80" for number in numbers]
    return np.frombuffer(b"".join(found), np.uint8).reshape(-1, 16)


def _copies(numbers: list[int], steps: list[int]) -> list[bool]:
    last: dict[int, int] = {}
    found, position = [], 0
    for number, step in zip(numbers, steps, strict=True):
        position += step
        found.append(number in last and position - last[number] <= REACH_HERE)
        last[number] = position
    return found


@settings(deadline=None)  # The first call may compile.
@given(
    events=st.lists(st.tuples(st.integers(0, 8), st.integers(1, 4)), max_size=60),
    size=st.integers(1, 20),
    is_restarted=st.booleans(),
)
def test_a_copy_is_an_id_that_stood_near_before(
    *, events: list[tuple[int, int]], size: int, is_restarted: bool
) -> None:
    numbers, steps = [number for number, _ in events], [step for _, step in events]
    positions = [sum(steps[: at + 1]) for at in range(len(steps))]
    recent, found = RecentIds(REACH_HERE), []
    for at in range(0, len(events), size):
        ids = _ids(numbers[at : at + size])
        found += recent.note(ids, positions[at : at + size]).tolist()
        if is_restarted:
            saved, recent = recent.snapshot(), RecentIds(REACH_HERE)
            recent.restore(saved)

    assert found == _copies(numbers, steps)


def test_a_million_positions_are_remembered_and_no_more() -> None:
    recent = RecentIds()
    recent.note(_ids([0, 1]), [0, 1])

    assert recent.note(_ids([0]), [REACH]).tolist() == [True]
    assert recent.note(_ids([1]), [REACH + 2]).tolist() == [False]


def test_it_grows_and_forgets_in_bounded_memory() -> None:
    recent = RecentIds(reach=10_000)
    for begin in range(0, 200_000, 1_000):
        numbers = range(begin, begin + 1_000)
        assert not recent.note(_ids(numbers), numbers).any()

    assert len(recent.positions) == 1 << 15
    assert recent.note(_ids([199_000, 150_000]), [200_000, 200_001]).tolist() == [True, False]
