"""The archive's table: Delta, that is Parquet files with a log of what was added and taken away.

One commit holds rows together with the mark up to which they go. The table refuses two writers at
the same moment, but takes the same mark twice from one writer: so the mark is compared here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import (
    ColumnProperties,
    CommitProperties,
    DeltaTable,
    Schema,
    Transaction,
    WriterProperties,
    write_deltalake,
)
from deltalake.exceptions import TableNotFoundError

from data_contracts.archive import DAY, SCHEMA

MEBIBYTE = 1024 * 1024
SMALL_BYTES = 8 * MEBIBYTE
LARGE_BYTES = 32 * MEBIBYTE
ROW_GROUP_ROWS_MAX = 32_768  # What is held in memory while a file is written.
SMALL_FILES_MAX = 24
SMALL_EVERY = timedelta(minutes=2)
LARGE_EVERY = timedelta(hours=1)
QUERY_HOURS_MAX = 2
"""How long a replaced file stays: no query that takes longer than this finds all of its files."""

_CONFIGURATION = {
    # Statistics of text columns would make the log larger than it is worth.
    "delta.dataSkippingStatsColumns": "cell,position,occurred_at,received_at",
    "delta.checkpointInterval": "100",
    "delta.logRetentionDuration": "interval 1 days",
    "delta.deletedFileRetentionDuration": f"interval {QUERY_HOURS_MAX} hours",
}
_NEVER_ALIKE = ("decision_id", "event_id", "transaction_id", "features", "description")
_WRITER = WriterProperties(
    compression="ZSTD",
    compression_level=3,
    max_row_group_size=ROW_GROUP_ROWS_MAX,
    column_properties={
        name: ColumnProperties(dictionary_enabled=False, statistics_enabled="NONE")
        for name in _NEVER_ALIKE
    },
)


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a cell is archived: the highest position, and where to read decisions on."""

    position: int
    next_offset: int


@dataclass(slots=True)
class Archive:
    """The one writer's view of the table; whoever else writes at the same moment is refused."""

    table: DeltaTable

    @classmethod
    def open(cls, folder: Path) -> "Archive":
        """Open the table, made where it is not there yet, widened where contracts have grown."""
        folder.mkdir(parents=True, exist_ok=True)
        table = DeltaTable.create(
            folder, SCHEMA, mode="ignore", partition_by=DAY, configuration=_CONFIGURATION
        )
        known = {field.name for field in table.schema().fields}
        new = [field for field in SCHEMA if field.name not in known]
        if new:
            table.alter.add_columns(Schema.from_arrow(pa.schema(new)).fields)
        return cls(table)

    def mark(self, cell: int) -> Mark | None:
        """How far the cell is archived, or None where nothing of it is."""
        return _mark(self.table, cell)

    def append(self, rows: pa.Table, cell: int, mark: Mark) -> bool:
        """Store rows and mark together, once: False says that this mark was passed before."""
        before = self.mark(cell)
        if before is not None and mark.next_offset <= before.next_offset:
            return False
        position, next_offset = _names(cell)
        write_deltalake(
            self.table,
            rows.cast(SCHEMA),
            mode="append",
            writer_properties=_WRITER,
            commit_properties=CommitProperties(
                app_transactions=[
                    Transaction(position, mark.position),
                    Transaction(next_offset, mark.next_offset),
                ]
            ),
        )
        return True

    def files(self) -> list[str]:
        """The files that hold the rows now."""
        return self.table.file_uris()

    def small_files(self) -> int:
        """How many files wait to be put together."""
        return sum(size < SMALL_BYTES for size in self._facts("size_bytes"))

    def files_between(self, first: int, last: int) -> list[str]:
        """The files that may hold rows of these positions, of whatever cell."""
        files = {Path(file).name: file for file in self.files()}
        names, lowest, highest = map(self._facts, ("path", "min.position", "max.position"))
        return [
            files[Path(name).name]
            for name, low, high in zip(names, lowest, highest, strict=True)
            if low <= last and high >= first
        ]

    def _facts(self, column: str) -> list[Any]:
        actions = self.table.get_add_actions(flatten=True)
        # Not `pa.table`: it would import pandas to see whether this is one of its frames.
        return pa.RecordBatchReader.from_stream(actions).read_all().column(column).to_pylist()

    def put_together(self, size: int) -> None:
        """Make files of up to `size` bytes of smaller ones of the same day; no order is kept."""
        self.table.optimize.compact(
            target_size=size, max_concurrent_tasks=1, writer_properties=_WRITER
        )

    def clean(self) -> None:
        """Remove files that were replaced, or left by a crash, longer ago than any query takes."""
        self.table.create_checkpoint()
        self.table.cleanup_metadata()
        # `full` is safe here alone: nobody but the caller adds files.
        self.table.vacuum(retention_hours=QUERY_HOURS_MAX, dry_run=False, full=True)


@dataclass(slots=True)
class Housekeeping:
    """When the table is tidied: small files often and cheaply, large ones and leftovers hourly."""

    archive: Archive
    small_at: datetime
    large_at: datetime

    @classmethod
    def of(cls, archive: Archive, now: datetime) -> "Housekeeping":
        """Begin counting now."""
        return cls(archive, now + SMALL_EVERY, now + LARGE_EVERY)

    def is_due(self, now: datetime) -> bool:
        """Whether there may be something to do."""
        return now >= min(self.small_at, self.large_at)

    def tidy(self, now: datetime) -> None:
        """Do what is due; two sizes, so that a row is written again about twice, not all day."""
        if now >= self.large_at:
            self.archive.put_together(LARGE_BYTES)
            self.archive.clean()
            self.large_at, self.small_at = now + LARGE_EVERY, now + SMALL_EVERY
        elif now >= self.small_at:
            if self.archive.small_files() >= SMALL_FILES_MAX:
                self.archive.put_together(SMALL_BYTES)
            self.small_at = now + SMALL_EVERY


def active_files(folder: Path) -> list[str]:
    """The files that hold the rows now; a folder's own listing would count replaced ones too."""
    table = _existing(folder)
    return [] if table is None else table.file_uris()


def read_files(files: Sequence[str], columns: Sequence[str]) -> pa.Table:
    """A few columns of all rows of these files."""
    names = list(columns)
    read = [_columns_of(file, names) for file in files]
    return pa.concat_tables([SCHEMA.empty_table().select(names), *read])


def _columns_of(path: str, names: list[str]) -> pa.Table:
    with pq.ParquetFile(path) as file:
        return file.read(names)


def marks(folder: Path, cells: int) -> dict[int, Mark]:
    """How far each cell is archived, for a reader; a cell of which nothing is, is left out."""
    table = _existing(folder)
    if table is None:
        return {}
    found = {cell: _mark(table, cell) for cell in range(cells)}
    return {cell: mark for cell, mark in found.items() if mark is not None}


def _existing(folder: Path) -> DeltaTable | None:
    try:
        return DeltaTable(folder)
    except TableNotFoundError:
        return None


def _names(cell: int) -> tuple[str, str]:
    return f"archiving/cell-{cell}/position", f"archiving/cell-{cell}/next-offset"


def _mark(table: DeltaTable, cell: int) -> Mark | None:
    position, next_offset = map(table.transaction_version, _names(cell))
    return None if position is None or next_offset is None else Mark(position, next_offset)
