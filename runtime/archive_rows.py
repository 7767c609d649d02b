"""Rows of the archive in order of position, a stretch at a time, for whoever reads all of it.

Files that were put together keep no order, so a stretch is gathered from the row groups that may
hold some of it. Each view of the table is one state of it, and its files stay for hours.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake import DeltaTable
from deltalake.exceptions import TableNotFoundError

from data_contracts.archive import SCHEMA
from runtime.archive import Archive, Mark

POSITION = "position"
CELL = "cell"


@dataclass(frozen=True, slots=True)
class ArchivedRows:
    """The table as it was when this view was opened."""

    archive: Archive

    @classmethod
    def open(cls, folder: Path) -> "ArchivedRows | None":
        """The table as it is now, or None where there is none."""
        try:
            return cls(Archive(DeltaTable(folder)))
        except TableNotFoundError:
            return None

    def mark(self, cell: int) -> Mark | None:
        """How far the cell is archived."""
        return self.archive.mark(cell)

    def between(self, cell: int, first: int, last: int, columns: Sequence[str]) -> pa.Table:
        """The columns, and `position`, of a cell's rows from one position to another, in order."""
        names = list(dict.fromkeys((POSITION, CELL, *columns)))
        files = self.archive.files_between(first, last)
        table = pa.concat_tables(
            [_empty(names), *(_read(file, first, last, names) for file in files)]
        )
        position, of_cell = pc.field(POSITION), pc.field(CELL) == cell
        is_wanted = (position >= first) & (position <= last) & of_cell
        return table.filter(is_wanted).sort_by(POSITION)


def _empty(names: Sequence[str]) -> pa.Table:
    return SCHEMA.empty_table().select(list(names))


def _read(path: str, first: int, last: int, names: Sequence[str]) -> pa.Table:
    """The row groups of a file that may hold some; a column that came later is null in it."""
    with pq.ParquetFile(path) as file:
        groups = [
            number
            for number in range(file.num_row_groups)
            if _may_hold(file.metadata.row_group(number), first, last)
        ]
        there = set(file.schema_arrow.names)
        found = file.read_row_groups(groups, [name for name in names if name in there])
    columns: list[Any] = [
        found.column(name) if name in there else pa.nulls(len(found), SCHEMA.field(name).type)
        for name in names
    ]
    return pa.table(columns, names=list(names)).cast(_empty(names).schema)


def _may_hold(group: Any, first: int, last: int) -> bool:  # noqa: ANN401  (untyped in the stubs)
    chunks = (group.column(number) for number in range(group.num_columns))
    position = next(chunk for chunk in chunks if chunk.path_in_schema == POSITION)
    known = position.statistics
    if known is None or not known.has_min_max:
        return True
    return bool(known.min <= last and known.max >= first)
