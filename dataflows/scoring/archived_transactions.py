"""Rows of the archive become transactions again, as far as features look at them."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
from msgspec.structs import FieldInfo, fields

from data_contracts.transaction import Transaction
from rules.instants import from_epoch_ms

INSTANTS = ("occurred_at", "received_at")


def columns_for(used: Sequence[str]) -> tuple[str, ...]:
    """What has to be read: the fields that are used, and what no transaction is without."""
    return tuple(
        field.name for field in fields(Transaction) if field.name in used or _is_required(field)
    )


def _is_required(field: FieldInfo) -> bool:
    return field.default is msgspec.NODEFAULT


def transactions_of(rows: pa.Table, names: Sequence[str]) -> list[Transaction]:
    """The rows as transactions with these fields; the others are null."""
    columns = [_values(name, rows.column(name)) for name in names]
    found = [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
    return msgspec.convert(found, list[Transaction])


def _values(name: str, column: "pa.ChunkedArray[Any]") -> list[Any]:
    if name not in INSTANTS:
        return column.to_pylist()
    whole: Any = column.cast(pa.timestamp("ms", "UTC"))
    return list(map(from_epoch_ms, pc.cast(whole, pa.int64()).to_pylist()))
