from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dataflows.archiving.copies import NEVER, Ids, Index, Limits, Positions, first_of, short_ids


def numbers(*values: int) -> Ids:
    return np.array(values, np.uint64)


def places(*values: int) -> Positions:
    return np.array(values, np.int64)


def test_short_ids_differ_and_do_not_depend_on_their_company() -> None:
    texts = [str(UUID(int=number * 2**70 + 5)) for number in range(100)]

    together = short_ids(texts)

    assert len(set(together.tolist())) == 100
    assert together[7] == short_ids([texts[7]])[0]
    assert len(short_ids([])) == 0


def test_within_a_batch_the_lowest_position_is_the_first() -> None:
    ids, positions = numbers(5, 6, 5, 5), places(10, 11, 12, 13)

    assert first_of(ids, positions).tolist() == [10, 11, 10, 10]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.integers(0, 12), max_size=6), max_size=20))
def test_the_index_equals_a_plain_dictionary(batches: list[list[int]]) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        index = Index.open(folder, archived_until=-1)
        first: dict[int, int] = {}
        position = 0
        for batch in batches:
            ids, positions = numbers(*batch), places(*range(position, position + len(batch)))
            expected = [first.get(number, NEVER) for number in batch]
            assert index.first(ids).tolist() == expected
            index.add(ids, positions)
            for number, place in zip(batch, positions.tolist(), strict=True):
                first.setdefault(number, place)
            position += len(batch)
        reopened = Index.open(folder, archived_until=position)
        assert reopened.first(numbers(*first)).tolist() == list(first.values())


def test_segments_stay_few(tmp_path: Path) -> None:
    index = Index.open(tmp_path, archived_until=-1)
    for batch in range(200):
        index.add(numbers(*range(batch * 10, batch * 10 + 10)), places(*[batch] * 10))

    assert len(index.segments) <= 9
    assert len(list(tmp_path.glob("*.npy"))) == len(index.segments)
    assert index.first(numbers(1234)).tolist() == [123]


def test_what_goes_further_than_the_archive_is_thrown_away(tmp_path: Path) -> None:
    index = Index.open(tmp_path, archived_until=-1)
    index.add(numbers(*range(50)), places(*range(50)))
    index.add(numbers(99), places(60))

    assert Index.open(tmp_path, archived_until=55).first(numbers(7, 99)).tolist() == [7, NEVER]


def test_an_index_that_lags_is_brought_up_to_the_archive(tmp_path: Path) -> None:
    archived = {number + 1_000: number for number in range(30)}

    def read(start: int, end: int) -> tuple[Ids, Positions]:
        found = {key: place for key, place in archived.items() if start <= place < end}
        return numbers(*found), places(*found.values())

    index = Index.open(tmp_path, archived_until=29)
    index.add(numbers(*range(1_000, 1_010)), places(*range(10)))
    index.catch_up(29, read)

    assert index.until == 29
    assert index.first(numbers(1_029, 1_005)).tolist() == [29, 5]


def test_the_oldest_ids_are_forgotten_past_the_limit(
    tmp_path: Path,
) -> None:
    index = Index.open(tmp_path, archived_until=-1, limits=Limits(segment_ids=40, ids=100))
    for batch in range(40):
        index.add(numbers(*range(batch * 10, batch * 10 + 10)), places(*[batch] * 10))

    kept = sum(len(segment.ids) for segment in index.segments)
    assert 100 <= kept <= 140
    assert index.first(numbers(0, 399)).tolist() == [NEVER, 39]
