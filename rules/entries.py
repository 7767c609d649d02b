"""Entries of lists as the running evaluator holds them: those of the set, changed by the log."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from data_contracts.control import BreakerRecord, ListEntryRecord
from data_contracts.transaction import Transaction
from rules.instants import epoch_ms
from rules.model import EntityList, ListEntry


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """What the log changed since a rule set was taken up; it outlives the next one.

    The newest record of each value of a list, the rules that a breaker holds in shadow, and when
    the last reset of each rule was recorded.
    """

    entries: tuple[ListEntryRecord, ...] = ()
    tripped: tuple[str, ...] = ()
    resets: dict[str, datetime] = {}


def is_valid(entry: ListEntry, transaction: Transaction) -> bool:
    """Whether the entry counts at the transaction's own time."""
    if entry.valid_from_ms is None and entry.expires_at_ms is None:
        return True
    at = epoch_ms(transaction.occurred_at)
    begins, ends = entry.valid_from_ms, entry.expires_at_ms
    return (begins is None or begins <= at) and (ends is None or at < ends)


@dataclass(slots=True)
class Entries:
    """The entries of each list by value; the generated code looks into these very tables."""

    tables: dict[str, dict[str, ListEntry]]
    written: Mapping[str, Mapping[str, ListEntry]]
    records: dict[tuple[str, str], ListEntryRecord] = field(default_factory=dict)

    @classmethod
    def of(cls, lists: Iterable[EntityList], records: Iterable[ListEntryRecord]) -> "Entries":
        """The entries as written, with the changes of the log on top."""
        written = {item.id: {entry.value: entry for entry in item.entries} for item in lists}
        entries = cls({name: dict(table) for name, table in written.items()}, written)
        for record in records:
            entries.take(record)
        return entries

    def take(self, record: ListEntryRecord) -> None:
        """Add, replace or remove an entry; a list that is not known yet may come later."""
        key = record.list_id, record.value
        table = self.tables.get(record.list_id)
        if record.removed and record.value not in self.written.get(record.list_id, {}):
            self.records.pop(key, None)
        else:
            self.records[key] = record
        if table is None:
            return
        if record.removed:
            table.pop(record.value, None)
        else:
            table[record.value] = entry_of(record)


def entry_of(record: ListEntryRecord) -> ListEntry:
    """The entry that a record adds."""
    return ListEntry(
        value=record.value,
        owner=record.owner,
        reason=record.reason,
        valid_from_ms=None if record.valid_from is None else epoch_ms(record.valid_from),
        expires_at_ms=None if record.expires_at is None else epoch_ms(record.expires_at),
        amount_minor_max=record.amount_minor_max,
    )


@dataclass(slots=True)
class Breakers:
    """The rules held in shadow, and the last reset of each rule."""

    tripped: set[str] = field(default_factory=set)
    resets: dict[str, datetime] = field(default_factory=dict)

    def take(self, record: BreakerRecord) -> None:
        """Hold a rule in shadow or let it back; a copy of a trip from before a reset is nothing."""
        if not record.is_tripped:
            self.tripped.discard(record.rule_id)
            self.resets[record.rule_id] = record.recorded_at
        elif record.since == self.resets.get(record.rule_id):
            self.tripped.add(record.rule_id)
