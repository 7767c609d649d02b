"""What a replay reads of the archive: which decisions, their rows, and the history before them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa

from analytics.replay.course import Ints
from analytics.replay.stored import COLUMNS
from analytics.sql import closed
from runtime.archive_rows import ArchivedRows

MEMORY = "8GB"
ROWS_AT_ONCE = 5_000  # What is looked at at once is held as objects.
OF_TRANSACTION = """
SELECT cell, position, tenant FROM archive
WHERE transaction_id = $transaction_id AND ($tenant IS NULL OR tenant = $tenant)
ORDER BY tenant, duplicate_of IS NOT NULL, cell, position
"""
CHOSEN = """
SELECT cell, position FROM archive
WHERE ($first IS NULL OR day >= $first) AND ($last IS NULL OR day <= $last)
"""
# The same seed chooses the same decisions on every machine, however the table is stored.
SAMPLED = (
    f"SELECT * FROM ({CHOSEN}) ORDER BY md5(concat_ws(' ', $seed, cell, position)) LIMIT $many"  # noqa: S608  (ours)
)
FIRSTS = "SELECT cell, min(position) FROM archive GROUP BY cell"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a decision stands."""

    cell: int
    position: int
    tenant: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which decisions are to be verified; all of them unless there is a sample."""

    first: date | None = None
    last: date | None = None
    sample: int | None = None
    seed: int = 0


def find(folder: Path, transaction_id: str, tenant: str | None) -> list[Place]:
    """Where a transaction was decided: by tenant, the first copy before any later ones."""
    given = {"transaction_id": transaction_id, "tenant": tenant}
    with closed(folder) as connection:
        return [Place(*row) for row in connection.execute(OF_TRANSACTION, given).fetchall()]


def chosen(folder: Path, choice: Choice) -> dict[int, Ints]:
    """The positions of each cell, ascending; later copies of an id were decided, too."""
    given: dict[str, object] = {"first": choice.first, "last": choice.last}
    with closed(folder, MEMORY) as connection:
        if choice.sample is None:
            found = connection.execute(CHOSEN, given)
        else:
            found = connection.execute(
                SAMPLED, given | {"seed": choice.seed, "many": choice.sample}
            )
        columns = found.fetchnumpy()
    cells, positions = columns["cell"], columns["position"].astype(np.int64)
    return {int(cell): np.sort(positions[cells == cell]) for cell in np.unique(cells)}


def firsts(folder: Path) -> Mapping[int, int]:
    """The position of each cell's first transaction."""
    with closed(folder) as connection:
        return dict(connection.execute(FIRSTS).fetchall())


def decided(folder: Path, cell: int, positions: Ints) -> Iterator[pa.Table]:
    """The rows of the decisions at these positions in order, some at a time."""
    archived = ArchivedRows.open(folder)
    assert archived is not None, "positions were found in it"
    for rows in archived.at(cell, positions, COLUMNS):
        for start in range(0, len(rows), ROWS_AT_ONCE):
            yield rows.slice(start, ROWS_AT_ONCE)


def history(folder: Path, cell: int, until: int, names: Sequence[str]) -> pl.DataFrame:
    """Fields of all that a cell decided up to a position, in order."""
    question = (
        f"SELECT position, {', '.join(names)} FROM archive "  # noqa: S608  (names of ours)
        "WHERE cell = $cell AND position <= $until ORDER BY position"
    )
    with closed(folder, MEMORY) as connection:
        found = connection.sql(question, params={"cell": cell, "until": until})
        frame = pl.from_arrow(found.to_arrow_table())
    assert isinstance(frame, pl.DataFrame)
    return frame
