"""Rows of the archive in order of position, a stretch at a time, for whoever reads all of it.

Files that were put together keep no order, so a stretch is gathered from the row groups that may
hold some of it. Each view of the table is one state of it, and its files stay for hours.
"""

from collections.abc import Callable, Sequence
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

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


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

        def lie_there(positions: Ints) -> Bools:
            return (positions >= first) & (positions <= last)

        return self._gathered(cell, (first, last), columns, lie_there)

    def at(self, cell: int, positions: Ints, columns: Sequence[str]) -> pa.Table:
        """The same of the rows at some positions, ascending and not empty."""

        def are_asked_for(found: Ints) -> Bools:
            places = np.minimum(np.searchsorted(positions, found), len(positions) - 1)
            return np.equal(positions[places], found)

        reach = int(positions[0]), int(positions[-1])
        return self._gathered(cell, reach, columns, are_asked_for)

    def _gathered(
        self,
        cell: int,
        reach: tuple[int, int],
        columns: Sequence[str],
        are_wanted: Callable[[Ints], Bools],
    ) -> pa.Table:
        names = list(dict.fromkeys((POSITION, CELL, *columns)))
        parts = [_empty(names)]
        for file in self.archive.files_between(*reach):
            found = _read(file, *reach, names)
            of_cell = found.column(CELL).to_numpy() == cell
            mask = of_cell & are_wanted(found.column(POSITION).to_numpy())
            parts.append(found if mask.all() else found.filter(pa.array(mask)))
        return _in_order(pa.concat_tables(parts))


def _in_order(rows: pa.Table) -> pa.Table:
    """Rows by position: mostly they stand in a few runs, which are put in order as they are."""
    edges = _falls(rows)
    if not len(edges):
        return rows
    if len(edges) < RUNS_MAX:
        begins = [0, *edges.tolist()]
        ends = [*edges.tolist(), len(rows)]
        runs = [rows.slice(begin, end - begin) for begin, end in zip(begins, ends, strict=True)]
        found = pa.concat_tables(sorted(runs, key=lambda run: run.column(POSITION)[0].as_py()))
        if not len(_falls(found)):
            return found
    return rows.sort_by(POSITION)


def _falls(rows: pa.Table) -> Ints:
    """Where a position is lower than the one before."""
    return np.flatnonzero(np.diff(rows.column(POSITION).to_numpy()) < 0) + 1


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
