"""Intake: messages of the log become transactions, each id once, and columns for the features."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np

from data_contracts.door import parse_stored
from data_contracts.topics import Topic
from data_contracts.violation import ContractViolation
from dataflows.connectors import Letter, LogBatch
from dataflows.scoring import changes
from dataflows.scoring.batch_ids import ID_BYTES, Ids, event_ids
from dataflows.scoring.changes import Changed
from dataflows.scoring.recent_ids import RecentIds
from dataflows.scoring.rejection import rejection
from rules.features.columns import Columns, columns_from
from rules.features.messages import Messages
from rules.features.plan import Plan
from rules.model import FeatureDefinition, RuleSet
from rules.screening import compile_masks


@dataclass(frozen=True, slots=True)
class Accepted:
    """Transactions in order of position, each with its id; and dead letters."""

    number: int
    cell: int
    until: int  # The last position that was read.
    positions: Sequence[int] = ()
    messages: Messages = field(default_factory=lambda: Messages.read([]))
    ids: Ids = field(default_factory=lambda: np.zeros((0, ID_BYTES), np.uint8))
    rejections: Sequence[Letter] = ()


@dataclass(frozen=True, slots=True)
class Taken:
    """What an item of the log came to; columns only where there is a transaction."""

    work: Accepted | Changed
    columns: Columns | None = None


@dataclass(frozen=True, slots=True)
class _Read:
    positions: list[int]
    messages: Messages
    rejections: list[Letter] = field(default_factory=list)


class Intake:
    """One cell's way in; all it knows is a function of the log up to here."""

    def __init__(self, log: Topic, rejected: Topic) -> None:
        """Begin at the beginning of a log."""
        self.log = log
        self.rejected = rejected
        self.recent = RecentIds()
        self.clock = 0
        self.number = 0
        self._plan(())

    def _plan(self, definitions: Sequence[FeatureDefinition]) -> None:
        self.plan = Plan.of(definitions)
        self.masks = compile_masks(self.plan.condition_groups)

    def take(self, batch: LogBatch) -> Taken:
        """What the item comes to."""
        self.number += 1
        return self._take_control(batch) if batch.is_control else self._take_messages(batch)

    def _take_control(self, batch: LogBatch) -> Taken:
        message = batch.messages[0]
        try:
            change = changes.read(message)
        except ContractViolation as violation:
            letter = rejection(message, violation, batch.cell, self.log, self.rejected)
            return Taken(Accepted(self.number, batch.cell, message.offset, rejections=[letter]))
        if isinstance(change, RuleSet):
            self._plan(change.features)
        return Taken(Changed(self.number, batch.cell, message.offset, self.clock, change))

    def _take_messages(self, batch: LogBatch) -> Taken:
        accepted = self._accepted(batch)
        if not accepted.positions:
            return Taken(accepted)
        masks = self.masks(accepted.messages)
        columns = columns_from(self.plan, accepted.messages, self.clock, masks)
        self.clock = int(columns.clock[-1])
        return Taken(accepted, columns)

    def _accepted(self, batch: LogBatch) -> Accepted:
        read = self._read(batch)
        ids, until = event_ids(read.messages), batch.messages[-1].offset
        is_copy = self.recent.note(ids, read.positions)
        if is_copy.any():
            read, ids = _rows(read, np.flatnonzero(~is_copy).tolist()), ids[~is_copy]
        return Accepted(
            self.number, batch.cell, until, read.positions, read.messages, ids, read.rejections
        )

    def _read(self, batch: LogBatch) -> _Read:
        """All at once where all are plain; else each that is not goes through the door itself."""
        messages = Messages.read([message.value for message in batch.messages])
        are_plain = messages.are_plain
        if are_plain.all():
            return _Read([message.offset for message in batch.messages], messages)
        positions, canonical, rejections = list[int](), list[bytes](), list[Letter]()
        for message, is_plain in zip(batch.messages, are_plain.tolist(), strict=True):
            try:
                canonical.append(message.value if is_plain else parse_stored(message.value)[1])
                positions.append(message.offset)
            except ContractViolation as violation:
                letter = rejection(message, violation, batch.cell, self.log, self.rejected)
                rejections.append(letter)
        return _Read(positions, Messages.trusted(canonical), rejections)

    def snapshot(self) -> dict[str, Any]:
        """All of it as plain values."""
        return {
            "recent": self.recent.snapshot(),
            "clock": self.clock,
            "number": self.number,
            "definitions": msgspec.json.encode(self.plan.definitions),
        }

    def restore(self, snapshot: dict[str, Any]) -> None:
        """Go on from a snapshot."""
        self.recent.restore(snapshot["recent"])
        self.clock, self.number = snapshot["clock"], snapshot["number"]
        self._plan(msgspec.json.decode(snapshot["definitions"], type=list[FeatureDefinition]))


def _rows(read: _Read, rows: Sequence[int]) -> _Read:
    """Only some of them."""
    canonical = [read.messages.canonical(row) for row in rows]
    positions = [read.positions[row] for row in rows]
    return _Read(positions, Messages.trusted(canonical), read.rejections)
