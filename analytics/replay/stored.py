"""Rows of the archive become the decisions again that they were."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, get_type_hints

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from data_contracts.archive import TEXT_OF_JSON
from data_contracts.decision import Decision, ListHit, RuleHit, Verdict
from data_contracts.transaction import Transaction
from rules.instants import from_epoch_ms

INSTANTS = ("occurred_at", "received_at")
HITS = ("hits", "shadow_hits")
OF_TRANSACTION = Transaction.__struct_fields__
OF_DECISION = tuple(name for name in Decision.__struct_fields__ if name != "transaction")
COLUMNS = tuple(dict.fromkeys((*OF_DECISION, *OF_TRANSACTION)))

NO_DECISION = (msgspec.MsgspecError, ValueError, OverflowError)
"""What is raised where a value is none that the contract knows."""

_TYPES = get_type_hints(Transaction, include_extras=True)
_features = msgspec.json.Decoder(dict[str, int | float | str | None]).decode
_flags = msgspec.json.Decoder(dict[str, str]).decode


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A row that no decision of ours can have become; `reason` says why."""

    cell: int
    position: int
    tenant: str
    transaction_id: str
    reason: str


def decisions_of(rows: pa.Table) -> Sequence[Decision | Unreadable]:
    """The decisions of the rows, each as the stream encoded it."""
    try:
        return _decisions(rows)
    except NO_DECISION as error:
        if len(rows) == 1:
            return [_unreadable(rows, str(error))]
    half = len(rows) // 2
    return [*decisions_of(rows.slice(0, half)), *decisions_of(rows.slice(half))]


def _unreadable(row: pa.Table, reason: str) -> Unreadable:
    names = ("cell", "position", "tenant", "transaction_id")
    place = {name: row.column(name)[0].as_py() for name in names}
    return Unreadable(**place, reason=reason)


def _decisions(rows: pa.Table) -> list[Decision]:
    transactions = _transactions(rows)
    columns = {name: _values(name, rows.column(name)) for name in OF_DECISION}
    return [
        Decision(**dict(zip(OF_DECISION, values, strict=True)), transaction=transaction)
        for *values, transaction in zip(*columns.values(), transactions, strict=True)
    ]


def _transactions(rows: pa.Table) -> list[Transaction]:
    fields = fields_of_transactions(rows)
    return [
        Transaction(**dict(zip(fields, values, strict=True)))
        for values in zip(*fields.values(), strict=True)
    ]


def fields_of_transactions(rows: pa.Table) -> dict[str, Sequence[Any]]:
    """The fields of the rows' transactions, each as its contract says, or `NO_DECISION`.

    A field that is null everywhere is left out: most belong to a few types of transactions.
    """
    found: dict[str, Sequence[Any]] = {}
    for name, kind in _TYPES.items():
        column = rows.column(name)
        is_there = column.null_count < len(rows)
        values = _values(name, column if is_there else column.slice(0, 1))
        checked = msgspec.convert(values, list[kind])  # type: ignore[valid-type]  # read off the contract
        if is_there:
            found[name] = checked
    return found


def _values(name: str, column: "pa.ChunkedArray[Any]") -> Sequence[Any]:
    if name in INSTANTS:
        whole: Any = column.cast(pa.timestamp("ms", "UTC"))
        found = pc.cast(whole, pa.int64()).to_pylist()
        return [None if moment is None else from_epoch_ms(moment) for moment in found]
    values = column.to_pylist()
    if name in TEXT_OF_JSON:
        decode: Any = _features if name == "features" else _flags
        return [{} if text is None else decode(text) for text in values]
    if name in HITS:
        return [tuple(msgspec.convert(hit, RuleHit) for hit in hits or ()) for hits in values]
    if name == "list_hit":
        return [None if hit is None else msgspec.convert(hit, ListHit) for hit in values]
    return msgspec.convert(values, list[Verdict]) if name == "verdict" else values
