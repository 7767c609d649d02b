"""Rows of the archive in order of position, some at a time, for whoever reads all of it.

Files that were put together keep no order, so rows are gathered from the row groups that may hold
some of them. Each view of the table is one state of it, and its files stay for hours.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable
from deltalake.exceptions import TableNotFoundError
from numpy.typing import NDArray

from data_contracts.archive import SCHEMA
from runtime.archive import Archive, Mark

POSITION = "position"
CELL = "cell"
RUNS_MAX = 1_000  # With more of them a sort is cheaper.
PIECE_ROWS_MIN = 5_000

Ints = NDArray[np.int64]


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
        names, parts = _names(columns), []
        for group in self._groups(first, last):
            found = group.read(names)
            positions = found.column(POSITION).to_numpy()
            mask = (positions >= first) & (positions <= last)
            parts.append(_where(found, mask & _are_of(cell, found)))
        return _in_order(pa.concat_tables([_empty(names), *parts]))

    def at(self, cell: int, positions: Ints, columns: Sequence[str]) -> Iterator[pa.Table]:
        """The same of the rows at some positions, ascending and not empty: a piece at a time.

        Each row group is read once. Of those that overlap all are held, and no others.
        """
        names = _names(columns)
        held = _empty(names)
        for group in self._groups(int(positions[0]), int(positions[-1])):
            ready = int(np.searchsorted(held.column(POSITION).to_numpy(), group.low))
            if ready >= PIECE_ROWS_MIN:
                yield held.slice(0, ready)
                held = held.slice(ready)
            found = group.read(names)
            are_asked_for = np.isin(found.column(POSITION).to_numpy(), positions)
            some = _where(found, are_asked_for & _are_of(cell, found))
            held = _in_order(pa.concat_tables([held, some]))
        if len(held):
            yield held

    def _groups(self, first: int, last: int) -> list["_Group"]:
        """The row groups that may hold some, those first that begin first."""
        files = self.archive.files_between(first, last)
        found = [group for file in files for group in _groups_of(file)]
        return sorted(
            (group for group in found if group.low <= last and group.high >= first),
            key=lambda group: group.low,
        )


@dataclass(frozen=True, slots=True)
class _Group:
    """A row group of a file, and between which positions its rows lie."""

    path: str
    metadata: Any
    number: int
    low: int
    high: int

    def read(self, names: Sequence[str]) -> pa.Table:
        """Its rows; a column that came later is null in them."""
        with pq.ParquetFile(self.path, metadata=self.metadata) as file:
            there = set(file.schema_arrow.names)
            found = file.read_row_group(self.number, [name for name in names if name in there])
        columns: list[Any] = [
            found.column(name) if name in there else pa.nulls(len(found), SCHEMA.field(name).type)
            for name in names
        ]
        return pa.table(columns, names=list(names)).cast(_empty(names).schema)


def _groups_of(path: str) -> list[_Group]:
    with pq.ParquetFile(path) as file:
        metadata = file.metadata
    groups = map(metadata.row_group, range(metadata.num_row_groups))
    return [_Group(path, metadata, number, *_reach(group)) for number, group in enumerate(groups)]


def _reach(group: Any) -> tuple[int, int]:  # noqa: ANN401  (untyped in the stubs)
    """The lowest and the highest position, as far as they are known."""
    chunks = (group.column(number) for number in range(group.num_columns))
    position = next(chunk for chunk in chunks if chunk.path_in_schema == POSITION)
    known = position.statistics
    if known is None or not known.has_min_max:
        return 0, np.iinfo(np.int64).max
    return int(known.min), int(known.max)


def _are_of(cell: int, rows: pa.Table) -> Any:  # noqa: ANN401  (an array of truths)
    return rows.column(CELL).to_numpy() == cell


def _where(rows: pa.Table, mask: NDArray[np.bool_]) -> pa.Table:
    return rows if mask.all() else rows.filter(pa.array(mask))


def _in_order(rows: pa.Table) -> pa.Table:
    """Rows by position: mostly they stand in a few runs, which are put in order as they are."""
    order = np.argsort(rows.column(POSITION).to_numpy(), kind="stable")
    edges = np.flatnonzero(np.diff(order) != 1) + 1
    if len(edges) >= RUNS_MAX:
        return rows.take(order)
    runs = [(int(run[0]), len(run)) for run in np.split(order, edges) if len(run)]
    return pa.concat_tables([rows.slice(0, 0), *(rows.slice(*run) for run in runs)])


def _empty(names: Sequence[str]) -> pa.Table:
    return SCHEMA.empty_table().select(list(names))


def _names(columns: Sequence[str]) -> list[str]:
    return list(dict.fromkeys((POSITION, CELL, *columns)))
