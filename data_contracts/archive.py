"""The archived row: one decided transaction as columns, for good.

The fields of the decision and those of its transaction stand side by side. `features` and `flags`
are the JSON text of the decision itself, byte for byte: a replay gets every number exactly, and
the table keeps its shape when the risk team adds a feature.
"""

import pyarrow as pa

from data_contracts import arrow
from data_contracts.decision import Decision
from data_contracts.transaction import Transaction

DAY = "day"
TEXT_OF_JSON = ("features", "flags")

# The table format knows microseconds only; ours are whole milliseconds.
INSTANT = pa.timestamp("us", tz="UTC")


def _field(field: "pa.Field[pa.DataType]") -> "pa.Field[pa.DataType]":
    if field.name in TEXT_OF_JSON:
        return pa.field(field.name, pa.string())
    if field.type == arrow.INSTANT:
        return field.with_type(INSTANT)
    return field


def _schema() -> pa.Schema:
    of_both: list[pa.Field[pa.DataType]] = [*arrow.schema(Decision), *arrow.schema(Transaction)]
    own: list[pa.Field[pa.DataType]] = [
        pa.field("decided_at", INSTANT, nullable=False),
        pa.field("duplicate_of", pa.int64()),
        pa.field(DAY, pa.date32(), nullable=False),
    ]
    return pa.schema([*(_field(field) for field in of_both if field.name != "transaction"), *own])


SCHEMA = _schema()
"""The columns. `decided_at` is when the decision was made; `duplicate_of` the position of the first
copy of the same id, or null; `day` the day of `received_at` in UTC, and the table's partition."""
