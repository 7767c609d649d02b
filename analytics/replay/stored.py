"""Rows of the archive become the decisions again that they were."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

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
    except (msgspec.MsgspecError, ValueError):
        return [_decision(rows.slice(number, 1)) for number in range(len(rows))]


def _decision(row: pa.Table) -> Decision | Unreadable:
    try:
        return _decisions(row)[0]
    except (msgspec.MsgspecError, ValueError) as error:
        names = ("cell", "position", "tenant", "transaction_id")
        place = {name: row.column(name)[0].as_py() for name in names}
        return Unreadable(**place, reason=str(error))


def _decisions(rows: pa.Table) -> list[Decision]:
    transactions = _transactions(rows)
    columns = {name: _values(name, rows.column(name)) for name in OF_DECISION}
    return [
        Decision(**dict(zip(OF_DECISION, values, strict=True)), transaction=transaction)
        for *values, transaction in zip(*columns.values(), transactions, strict=True)
    ]


def _transactions(rows: pa.Table) -> list[Transaction]:
    # What is null everywhere costs nothing: most fields belong to a few types of transactions.
    names = [name for name in OF_TRANSACTION if rows.column(name).null_count < len(rows)]
    columns = [_values(name, rows.column(name)) for name in names]
    found = [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
    return msgspec.convert(found, list[Transaction])


def _values(name: str, column: "pa.ChunkedArray[Any]") -> Sequence[Any]:
    if name in INSTANTS:
        whole: Any = column.cast(pa.timestamp("ms", "UTC"))
        return list(map(from_epoch_ms, pc.cast(whole, pa.int64()).to_pylist()))
    values = column.to_pylist()
    if name in TEXT_OF_JSON:
        decode: Any = _features if name == "features" else _flags
        return [{} if text is None else decode(text) for text in values]
    if name in HITS:
        return [tuple(msgspec.convert(hit, RuleHit) for hit in hits or ()) for hits in values]
    if name == "list_hit":
        return [None if hit is None else msgspec.convert(hit, ListHit) for hit in values]
    return msgspec.convert(values, list[Verdict]) if name == "verdict" else values
