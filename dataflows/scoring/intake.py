"""Intake: messages of the log become transactions, each id once, and columns for the features."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
import numpy as np

from data_contracts import door, ids
from data_contracts.topics import Topic
from data_contracts.transaction import Transaction
from data_contracts.violation import ContractViolation
from dataflows.connectors import Letter, LogBatch
from dataflows.scoring import changes
from dataflows.scoring.changes import Changed
from dataflows.scoring.recent_ids import RecentIds
from dataflows.scoring.rejection import rejection
from rules.features.columns import Columns, Mask, columns_of
from rules.features.plan import Plan
from rules.model import FeatureDefinition, RuleSet
from rules.predicates import compile_masks


@dataclass(frozen=True, slots=True)
class Accepted:
    """Transactions in order of position, each with its id and canonical bytes; and dead letters."""

    number: int
    cell: int
    until: int  # The last position that was read.
    positions: Sequence[int] = ()
    ids: Sequence[bytes] = ()
    transactions: Sequence[Transaction] = ()
    canonical: Sequence[bytes] = ()
    rejections: Sequence[Letter] = ()


@dataclass(frozen=True, slots=True)
class Taken:
    """What an item of the log came to; columns only where there is a transaction."""

    work: Accepted | Changed
    columns: Columns | None = None


@dataclass(frozen=True, slots=True)
class _Read:
    positions: list[int] = field(default_factory=list)
    transactions: list[Transaction] = field(default_factory=list)
    canonical: list[bytes] = field(default_factory=list)
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
        self._plan(
            (),
        )

    def _plan(self, definitions: Sequence[FeatureDefinition]) -> None:
        self.plan = Plan.of(definitions)
        self.masks: list[Mask] = [compile_masks(group) for group in self.plan.condition_groups]

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
        read = self._read(batch)
        found = [ids.event_id(item.tenant, item.transaction_id) for item in read.transactions]
        accepted = Accepted(
            self.number,
            batch.cell,
            batch.messages[-1].offset,
            read.positions,
            found,
            read.transactions,
            read.canonical,
            read.rejections,
        )
        if found:
            accepted = _without(accepted, self.recent.note(found, read.positions))
        if not accepted.transactions:
            return Taken(accepted)
        columns = columns_of(self.plan, accepted.transactions, self.clock, self.masks)
        self.clock = int(columns.clock[-1])
        return Taken(accepted, columns)

    def _read(self, batch: LogBatch) -> _Read:
        read = _Read()
        found = door.parse_stored_batch([message.value for message in batch.messages])
        for message, item in zip(batch.messages, found, strict=True):
            if isinstance(item, ContractViolation):
                letter = rejection(message, item, batch.cell, self.log, self.rejected)
                read.rejections.append(letter)
            else:
                read.positions.append(message.offset)
                read.transactions.append(item[0])
                read.canonical.append(item[1])
        return read

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


def _without(accepted: Accepted, is_copy: "np.ndarray[Any, np.dtype[np.bool_]]") -> Accepted:
    """Leave out the copies."""
    if not is_copy.any():
        return accepted
    rows = np.flatnonzero(~is_copy).tolist()
    return replace(
        accepted,
        positions=[accepted.positions[row] for row in rows],
        ids=[accepted.ids[row] for row in rows],
        transactions=[accepted.transactions[row] for row in rows],
        canonical=[accepted.canonical[row] for row in rows],
    )
