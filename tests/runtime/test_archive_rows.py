from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from runtime.archive import LARGE_BYTES, Archive, Mark
from runtime.archive_rows import ArchivedRows
from tests.runtime.test_archive import rows


def opened(folder: Path) -> ArchivedRows:
    found = ArchivedRows.open(folder)
    assert found is not None
    return found


def positions(table: pa.Table) -> list[int]:
    return [int(position) for position in table.column("position").to_numpy()]


def of_cell(cell: int, table: pa.Table) -> pa.Table:
    place = table.schema.names.index("cell")
    return table.set_column(place, "cell", pa.array([cell] * len(table), pa.int64()))


def test_where_there_is_no_table_there_is_no_view(tmp_path: Path) -> None:
    assert ArchivedRows.open(tmp_path / "nothing") is None


@pytest.mark.parametrize("is_put_together", [False, True])
def test_a_stretch_comes_in_order_however_the_files_lie(
    tmp_path: Path,
    is_put_together: bool,  # noqa: FBT001  (a parameter of the test)
) -> None:
    archive = Archive.open(tmp_path)
    for number, day in ((0, 0), (1, 1), (2, 0), (3, 1)):
        batch = rows(*range(10 * number, 10 * number + 10), day=day)
        archive.append(batch, 0, Mark(10 * number + 9, number + 1))
    if is_put_together:
        archive.put_together(LARGE_BYTES)

    found = opened(tmp_path).between(0, 5, 31, ["account_id"])

    assert positions(found) == list(range(5, 32))
    assert set(found.column("account_id").to_pylist()) == {"acc-1"}
    assert opened(tmp_path).mark(0) == Mark(39, 4)
    assert positions(opened(tmp_path).between(1, 0, 100, [])) == []


def test_rows_are_found_at_their_positions_whatever_lies_between_them(tmp_path: Path) -> None:
    archive = Archive.open(tmp_path)
    for first, cell in ((20, 0), (0, 1), (10, 0), (0, 0)):
        batch = of_cell(cell, rows(*range(first, first + 10)))
        archive.append(batch, cell, Mark(first + 9, 30 - first))
    archive.append(rows(35, 33, 34), 0, Mark(35, 90))
    archive.append(rows(41, 43), 0, Mark(43, 91))
    archive.append(rows(40, 42), 0, Mark(43, 92))
    view = opened(tmp_path)

    def found(*places: int, cell: int = 0) -> list[int]:
        pieces = view.at(cell, np.array(places), ["account_id"])
        return [position for piece in pieces for position in positions(piece)]

    assert found(3, 4, 11, 29) == [3, 4, 11, 29]
    assert found(33, 34, 35) == [33, 34, 35]
    assert found(*range(40)) == [*range(30), 33, 34, 35]
    assert found(*range(35, 50)) == [35, 40, 41, 42, 43]
    assert found(9, 10, cell=1) == [9]
    assert found(70, 80) == []


def test_a_long_stretch_comes_in_pieces_each_row_once(tmp_path: Path) -> None:
    archive, one = Archive.open(tmp_path), rows(0)
    place = one.schema.names.index("position")

    def at(places: np.ndarray[tuple[int], np.dtype[np.int64]]) -> pa.Table:
        return one.take(np.zeros_like(places)).set_column(place, "position", pa.array(places))

    parts = [(6_000, 14_000, 1), (0, 8_000, 1), (14_001, 22_000, 2), (14_000, 22_000, 2)]
    for number, (first, last, step) in enumerate(parts):
        archive.append(at(np.arange(first, last, step)), 0, Mark(last, number + 1))
    wanted = np.arange(0, 22_000, 3)

    pieces = [positions(piece) for piece in opened(tmp_path).at(0, wanted, [])]

    assert len(pieces) > 1
    both = np.isin(wanted, np.arange(6_000, 8_000))
    assert np.concatenate(pieces).tolist() == np.repeat(wanted, 1 + both).tolist()


def test_a_column_that_came_later_is_null_in_older_files(tmp_path: Path) -> None:
    archive = Archive.open(tmp_path)
    archive.append(rows(1, 2), 0, Mark(2, 1))
    (file,) = archive.files()
    before = pq.read_table(file, partitioning=None).drop_columns(["merchant_id"])
    pq.write_table(before, file)

    found = opened(tmp_path).between(0, 0, 9, ["merchant_id"])

    assert found.column("merchant_id").to_pylist() == [None, None]
