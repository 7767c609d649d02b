"""What the stream decides on a log, as the archive keeps it, and the log's changes."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from analytics.replay.comparison import replayed
from analytics.replay.course import Course, definitions_at
from analytics.replay.features import Known, computed, fields_of
from analytics.replay.stored import Unreadable, decisions_of
from analytics.replay.verifying import Tally, verify
from casework.in_force import Published
from data_contracts import codec
from data_contracts.decision import Decision
from data_contracts.violation import ContractViolation
from dataflows.archiving import columns
from dataflows.archiving.columns import Message
from dataflows.scoring import changes
from tests.dataflows.scoring.logs import Log, decisions, letters
from tests.dataflows.scoring.memory_warmer import MemoryWarmer


def decided(log: Log) -> list[Decision]:
    """The decisions of the flow itself."""
    return decisions(letters(log.batches(), warmer=MemoryWarmer(log)))


def published(log: Log) -> list[Published]:
    """The control records that take effect."""
    return list(_published(log))


def _published(log: Log) -> Iterator[Published]:
    for message in log.messages:
        if message.kind is not None:
            try:
                yield Published(message.offset, changes.read(message))
            except ContractViolation:
                continue


def rows_of(found: Sequence[Decision]) -> pa.Table:
    """The decisions as rows of the archive."""
    messages = [Message(number, 0, codec.encode(each)) for number, each in enumerate(found)]
    return columns.table(columns.read(messages))


def changed(rows: pa.Table, row: int, **values: Any) -> pa.Table:  # noqa: ANN401  (of any column)
    for name, value in values.items():
        column = rows.column(name).to_pylist()
        column[row] = value
        field = rows.schema.field(name)
        rows = rows.set_column(rows.schema.names.index(name), field, pa.array(column, field.type))
    return rows


def a_course(log: Log, rows: pa.Table) -> Course:
    """The rules from the beginning of the log."""
    return Course(published(log), int(rows.column("position")[0].as_py()))


def features_of(log: Log, rows: pa.Table) -> Known:
    """All features of all rows, computed again."""
    positions = rows.column("position").to_numpy().astype(np.int64)
    definitions = definitions_at(published(log), positions.tolist())
    history = pl.from_arrow(rows.select(["position", *fields_of(definitions)]))
    assert isinstance(history, pl.DataFrame)
    return computed(definitions, history, positions)


def verified(log: Log, rows: pa.Table, *, is_deep: bool = False) -> Tally:
    """What verifying these rows comes to."""
    tally = Tally()
    known = features_of(log, rows) if is_deep else None
    verify([rows], a_course(log, rows), tally, lambda _: None, known)
    return tally


def made_again(log: Log, rows: pa.Table, row: int) -> tuple[Decision, Decision]:
    """A stored decision, and what its replay says."""
    stored = decisions_of(rows)[row]
    assert not isinstance(stored, Unreadable)
    return stored, replayed(stored, a_course(log, rows).at(stored.position))
