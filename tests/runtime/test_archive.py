from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest
from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError

from data_contracts.archive import SCHEMA
from dataflows.archiving import columns
from runtime.archive import (
    LARGE_BYTES,
    LARGE_EVERY,
    SMALL_BYTES,
    SMALL_EVERY,
    SMALL_FILES_MAX,
    Archive,
    Housekeeping,
    Mark,
    active_files,
    marks,
)
from tests.factories import NOON, a_decision, a_transaction


def rows(*positions: int, day: int = 0) -> pa.Table:
    received = a_transaction(received_at=NOON + timedelta(days=day))
    decided = [a_decision(position=position, transaction=received) for position in positions]
    found = [columns.row(decision) for decision in decided]
    return columns.table(columns.Read(found, [0] * len(found), []))


def positions(folder: Path) -> list[int]:
    files = active_files(folder)
    return pl.read_parquet(files)["position"].to_list() if files else []


def test_rows_and_mark_are_stored_in_one_commit(tmp_path: Path) -> None:
    archive = Archive.open(tmp_path)
    before = archive.table.version()

    assert archive.append(rows(3, 4), 0, Mark(position=4, next_offset=9))

    assert archive.table.version() == before + 1
    assert positions(tmp_path) == [3, 4]
    assert marks(tmp_path, cells=2) == {0: Mark(position=4, next_offset=9)}


def test_a_mark_that_was_passed_adds_nothing(tmp_path: Path) -> None:
    archive = Archive.open(tmp_path)
    archive.append(rows(1, 2), 0, Mark(2, 5))

    assert not archive.append(rows(1, 2), 0, Mark(2, 5))
    assert not Archive.open(tmp_path).append(rows(1), 0, Mark(1, 4))

    assert positions(tmp_path) == [1, 2]


def test_the_cells_have_marks_of_their_own(tmp_path: Path) -> None:
    archive = Archive.open(tmp_path)
    archive.append(rows(10), 0, Mark(10, 11))

    assert archive.append(rows(2), 1, Mark(2, 3))

    assert marks(tmp_path, cells=3) == {0: Mark(10, 11), 1: Mark(2, 3)}


def test_a_mark_moves_without_rows(tmp_path: Path) -> None:
    archive = Archive.open(tmp_path)

    archive.append(SCHEMA.empty_table(), 0, Mark(-1, 7))

    assert Archive.open(tmp_path).mark(0) == Mark(-1, 7)
    assert active_files(tmp_path) == []


def test_of_two_writers_at_the_same_moment_one_is_refused(tmp_path: Path) -> None:
    one, other = Archive.open(tmp_path), Archive.open(tmp_path)
    one.append(rows(1), 0, Mark(1, 2))

    with pytest.raises(CommitFailedError, match="Concurrent"):
        other.append(rows(1), 0, Mark(1, 2))

    assert positions(tmp_path) == [1]


def test_files_put_together_keep_rows_and_marks(tmp_path: Path) -> None:
    archive = Archive.open(tmp_path)
    for position in range(6):
        archive.append(rows(position), 0, Mark(position, position + 1))

    archive.put_together(LARGE_BYTES)

    assert len(active_files(tmp_path)) == 1
    assert len(list(tmp_path.rglob("*.parquet"))) > 1
    assert sorted(positions(tmp_path)) == [0, 1, 2, 3, 4, 5]
    assert Archive.open(tmp_path).mark(0) == Mark(5, 6)


def test_cleaning_keeps_what_a_running_query_may_still_read(tmp_path: Path) -> None:
    archive = Archive.open(tmp_path)
    for position in range(3):
        archive.append(rows(position), 0, Mark(position, position + 1))
    replaced = active_files(tmp_path)
    archive.put_together(LARGE_BYTES)

    archive.clean()

    assert all(Path(file).exists() for file in replaced)
    assert Archive.open(tmp_path).mark(0) == Mark(2, 3)


def test_days_lie_in_folders_of_their_own(tmp_path: Path) -> None:
    archive = Archive.open(tmp_path)
    both = pa.concat_tables([rows(1), rows(2, day=1)])

    archive.append(both, 0, Mark(2, 3))

    days = {Path(file).parent.name for file in active_files(tmp_path)}
    assert days == {f"day={date(2026, 3, 2)}", f"day={date(2026, 3, 3)}"}


def test_a_table_from_before_a_field_was_added_is_widened(tmp_path: Path) -> None:
    older = pa.schema([field for field in SCHEMA if field.name != "description"])
    DeltaTable.create(tmp_path, older, partition_by="day")

    archive = Archive.open(tmp_path)
    archive.append(rows(1), 0, Mark(1, 2))

    assert {field.name for field in archive.table.schema().fields} == set(SCHEMA.names)
    assert positions(tmp_path) == [1]


def test_a_folder_without_a_table_has_no_files_and_no_marks(tmp_path: Path) -> None:
    assert active_files(tmp_path / "nothing") == []
    assert marks(tmp_path / "nothing", cells=1) == {}


def test_small_files_are_put_together_when_there_are_many(tmp_path: Path) -> None:
    archive = Archive.open(tmp_path)
    housekeeping = Housekeeping.of(archive, NOON)
    for position in range(SMALL_FILES_MAX):
        archive.append(rows(position), 0, Mark(position, position + 1))
    assert archive.small_files() == SMALL_FILES_MAX

    assert not housekeeping.is_due(NOON + SMALL_EVERY / 2)
    housekeeping.tidy(NOON + SMALL_EVERY)

    assert len(active_files(tmp_path)) == 1
    assert not housekeeping.is_due(NOON + SMALL_EVERY)


def test_a_few_small_files_wait_for_the_hour(tmp_path: Path) -> None:
    archive = Archive.open(tmp_path)
    housekeeping = Housekeeping.of(archive, NOON)
    for position in range(3):
        archive.append(rows(position), 0, Mark(position, position + 1))

    housekeeping.tidy(NOON + SMALL_EVERY)
    assert len(active_files(tmp_path)) == 3

    housekeeping.tidy(NOON + LARGE_EVERY)
    assert len(active_files(tmp_path)) == 1
    assert SMALL_BYTES < LARGE_BYTES
