"""Decisions become columns: about 10 us a row, checks included (`benchmarks/archiving.py`).

`features` and `flags` are cut out of the message as they stand: whoever reads them into numbers and
writes them again changes last digits, and a replay needs every digit.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from data_contracts import arrow, codec
from data_contracts.archive import DAY, SCHEMA, TEXT_OF_JSON
from data_contracts.decision import Decision
from data_contracts.transaction import Transaction

_NESTED = ("hits", "shadow_hits", "list_hit")
_TRANSACTION = arrow.schema(Transaction)
_DECISION = [
    field
    for field in arrow.schema(Decision)
    if field.name not in (*_NESTED, *TEXT_OF_JSON, "transaction")
]


class Row(Decision, frozen=True, kw_only=True):
    """A decision whose feature values are left as text."""

    features: msgspec.Raw = msgspec.Raw()  # type: ignore[assignment]  # the same bytes, unread
    flags: msgspec.Raw = msgspec.Raw()  # type: ignore[assignment]  # the same bytes, unread


_decode = msgspec.json.Decoder(Row).decode


def row(decision: Decision) -> Row:
    """The decision as a row."""
    return _decode(codec.encode(decision))


@dataclass(frozen=True, slots=True)
class Message:
    """A message of the decisions, as much of it as the archive keeps."""

    offset: int
    made_ms: int
    value: bytes


@dataclass(frozen=True, slots=True)
class Read:
    """Messages that were read: rows, when each was made, and the offsets of what is no decision."""

    rows: Sequence[Row]
    made_ms: Sequence[int]
    unreadable: Sequence[int]


def read(messages: Iterable[Message]) -> Read:
    """Take each message for what its contract says, or put its offset aside."""
    rows, made_ms, unreadable = [], [], []
    for message in messages:
        try:
            rows.append(_decode(message.value))
        except (msgspec.DecodeError, UnicodeDecodeError):
            unreadable.append(message.offset)
        else:
            made_ms.append(message.made_ms)
    return Read(rows, made_ms, unreadable)


def positions(rows: Sequence[Row]) -> NDArray[np.int64]:
    """The position of each row."""
    return np.fromiter((row.position for row in rows), np.int64, len(rows))


def table(found: Read) -> pa.Table:
    """The rows as columns of the archive, in the given order; no row is a copy yet."""
    rows, transactions = found.rows, [row.transaction for row in found.rows]
    columns = _columns(rows, _DECISION) | _columns(transactions, _TRANSACTION)
    for name in _NESTED:
        values = msgspec.to_builtins([getattr(row, name) for row in rows])
        columns[name] = pa.array(values, SCHEMA.field(name).type)
    for name in TEXT_OF_JSON:
        columns[name] = pa.array([bytes(getattr(row, name)) or None for row in rows], pa.string())
    columns["decided_at"] = pa.array(found.made_ms, pa.int64()).cast(arrow.INSTANT)
    columns["duplicate_of"] = pa.nulls(len(rows), pa.int64())
    columns[DAY] = pc.cast(columns["received_at"], pa.date32())
    return pa.table([columns[name] for name in SCHEMA.names], names=SCHEMA.names).cast(SCHEMA)


def _columns(values: Sequence[Any], fields: Iterable["pa.Field[Any]"]) -> dict[str, Any]:
    fields = list(fields)
    names = [field.name for field in fields]
    columns = zip(*map(attrgetter(*names), values), strict=True) if values else ([],) * len(names)
    return {
        field.name: pa.array(column, field.type)
        for field, column in zip(fields, columns, strict=True)
    }
