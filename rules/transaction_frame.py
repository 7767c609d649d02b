"""Transactions as a frame: a column for each field of the contract, a row for each message."""

import polars as pl

from rules.expressions.kinds import Kind, ValueType
from rules.expressions.names import fields
from rules.expressions.polars_code import dtype_of

INSTANT_TYPE = pl.Datetime("ms", "UTC")
TENANT = "default"  # Where a frame does not say whose its transactions are.
REACH = 1_000_000  # Positions within which a copy of an id is dropped, as the scorer does.
POSITION = "position"


def completed(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with exactly the contract's columns and types, and `position`.

    What is missing is null; but then everything is of one tenant, received at the highest
    `occurred_at` so far, and rows are positions. Other columns are left out.
    """
    columns = [
        _given(name, field) if name in frame.columns else _missing(name, field)
        for name, field in fields().items()
    ]
    is_placed = POSITION in frame.columns
    position = pl.col(POSITION) if is_placed else pl.int_range(pl.len()).alias(POSITION)
    found = frame.select(*columns, position.cast(pl.Int64))
    if "received_at" in frame.columns:
        return found
    return found.with_columns(received_at=pl.col("occurred_at").cum_max())


def without_copies(frame: pl.DataFrame) -> pl.DataFrame:
    """Leave out each row whose id stands at most a million positions before it."""
    natural_id = ["tenant", "transaction_id"]
    if frame.select(pl.struct(natural_id).n_unique()).item() == len(frame):
        return frame
    distance = pl.col(POSITION) - pl.col(POSITION).shift(1).over(natural_id)
    return frame.filter((distance > REACH).fill_null(value=True))


def _given(name: str, field: ValueType) -> pl.Expr:
    column = pl.col(name).cast(_type_of(field))
    if field.kind is not Kind.NUMBER:
        return column
    return pl.when(column == 0).then(0.0).otherwise(column).alias(name)  # One zero, not two.


def _type_of(field: ValueType) -> pl.DataType:
    return INSTANT_TYPE if field.kind is Kind.INSTANT else dtype_of(field.kind)


def _missing(name: str, field: ValueType) -> pl.Expr:
    value = TENANT if name == "tenant" else None
    return pl.lit(value, dtype=_type_of(field)).alias(name)
