"""From the decisions of one cell to rows of the archive, each position once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Lock

import numpy as np
import pyarrow as pa
import structlog

from dataflows.archiving import columns, metrics
from dataflows.archiving.buffer import Buffer, Patience
from dataflows.archiving.columns import Message, Read
from dataflows.archiving.copies import Ids, Index, Positions, first_of, short_ids
from runtime.archive import Archive, Housekeeping, Mark, read_files
from runtime.id_arrays import folded, from_column
from runtime.kafka import Batch

NOTHING = Mark(position=-1, next_offset=0)

log = structlog.get_logger()


@dataclass(slots=True)
class Store:
    """The table and who may touch it: the cells of a process take turns."""

    archive: Archive
    housekeeping: Housekeeping
    turn: Lock


@dataclass(slots=True)
class Archiver:
    """Keeps the decisions of a cell for a moment, then stores rows and mark in one commit."""

    store: Store
    cell: int
    index: Index
    buffer: Buffer
    next_offset: int

    @classmethod
    def open(cls, store: Store, cell: int, folder: Path, patience: Patience) -> "Archiver":
        """Begin behind the stored mark; the index of ids is brought up to it first."""
        mark = store.archive.mark(cell) or NOTHING
        index = Index.open(folder / f"cell-{cell}", mark.position)
        index.catch_up(mark.position, _ids_between(store.archive, cell))
        metrics.POSITION.labels(str(cell)).set(mark.position)
        return cls(store, cell, index, Buffer(patience), mark.next_offset)

    def handle(self, batch: Batch, now: datetime) -> None:
        """Take a batch, empty ones too, and store what is due."""
        messages = [
            Message(message.offset() or 0, message.timestamp()[1], message.value() or b"")
            for message in batch.messages
        ]
        self.take(messages, batch.next_offset, now)

    def take(self, messages: Sequence[Message], next_offset: int, now: datetime) -> None:
        """Let messages wait, and store what is due."""
        self.buffer.add(messages, now)
        self.next_offset = max(self.next_offset, next_offset)
        if self.buffer.is_due(now):
            self.flush()
        if not self.buffer.messages and self.store.housekeeping.is_due(now):
            with self.store.turn, metrics.TIDY_SECONDS.time():
                self.store.housekeeping.tidy(now)

    def flush(self) -> None:
        """Store all that waits."""
        messages = self.buffer.take()
        if messages:
            with self.store.turn, metrics.APPEND_SECONDS.time():
                self._append(columns.read(messages))

    def _append(self, found: Read) -> None:
        before = self.store.archive.mark(self.cell) or NOTHING
        rows = above(found, before.position)
        positions = columns.positions(rows.rows)
        ids = short_ids([row.event_id for row in rows.rows])
        table, copies = marked(columns.table(rows), ids, positions, self.index)
        highest = max(before.position, int(positions.max(initial=-1)))
        self.store.archive.append(table, self.cell, Mark(highest, self.next_offset))
        self.index.add(ids, positions)
        pa.default_memory_pool().release_unused()
        self._count(rows, copies, highest)

    def _count(self, rows: Read, copies: int, position: int) -> None:
        cell = str(self.cell)
        metrics.POSITION.labels(cell).set(position)
        metrics.ROWS.labels(cell).inc(len(rows.rows))
        metrics.COPIES.labels(cell).inc(copies)
        metrics.UNREADABLE.labels(cell).inc(len(rows.unreadable))
        if rows.unreadable:
            log.error("no decisions", cell=self.cell, offsets=rows.unreadable[:10])


def above(found: Read, position: int) -> Read:
    """The rows whose position is above every earlier one: what was sent twice is taken once."""
    highest, rows, made_ms = position, [], []
    for row, made in zip(found.rows, found.made_ms, strict=True):
        if row.position > highest:
            highest = row.position
            rows.append(row)
            made_ms.append(made)
    return Read(rows, made_ms, found.unreadable)


def marked(table: pa.Table, ids: Ids, positions: Positions, index: Index) -> tuple[pa.Table, int]:
    """The table with every later copy pointing to the first one's position, and how many."""
    if not len(ids):
        return table, 0
    first = np.minimum(index.first(ids), first_of(ids, positions))
    is_copy = first < positions
    column = pa.array(first, pa.int64(), mask=~is_copy)
    place = table.schema.get_field_index("duplicate_of")
    return table.set_column(place, table.schema.field(place), column), int(is_copy.sum())


def _ids_between(archive: Archive, cell: int) -> Callable[[int, int], tuple[Ids, Positions]]:
    def read(start: int, end: int) -> tuple[Ids, Positions]:
        files = archive.files_between(start, end - 1)
        rows = read_files(files, ["cell", "event_id", "position"])
        positions = rows.column("position").to_numpy()
        is_wanted = (positions >= start) & (positions < end)
        is_wanted &= rows.column("cell").to_numpy() == cell
        return folded(from_column(rows.column("event_id")))[is_wanted], positions[is_wanted]

    return read
