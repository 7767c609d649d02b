"""Transactions as columns become the JSON of the batch API, without a Python object per row."""

import json
from collections.abc import Iterator, Sequence

import polars as pl

from data_contracts.transaction import Transaction, TransactionRequest

FIELDS = TransactionRequest.__struct_fields__
STORED_FIELDS = Transaction.__struct_fields__
NUMBERS = frozenset({"amount_minor", "latitude", "longitude"})
BODY_BYTES_MAX = 1024 * 1024  # The API reads no more.
INSTANT = "occurred_at"
INSTANTS = frozenset({INSTANT, "received_at"})
INSTANT_TYPE = pl.Datetime("ms", "UTC")

# What JSON wants escaped; identifiers hold none of it, so the slow way is hardly ever taken.
_TO_ESCAPE = r'["\\\x00-\x1f]'


def column_type(field: str) -> pl.DataType:
    """The column's type that stands for a field of a transaction."""
    if field == INSTANT:
        return INSTANT_TYPE
    if field == "amount_minor":
        return pl.Int64()
    return pl.Float64() if field in NUMBERS else pl.String()


def rendered(frame: pl.DataFrame, fields: Sequence[str] = FIELDS) -> pl.Series:
    """One JSON object a row, in the contract's order of fields, absent where null."""
    escaped = frame.with_columns(
        pl.col(name).map_elements(_escaped, return_dtype=pl.String)
        for name in frame.columns
        if _wants_escaping(frame[name])
    )
    members = [_member(escaped[name]) for name in fields if name in frame.columns]
    row = pl.concat_str(pl.lit("{"), *members, pl.lit("}"))
    # A leading comma on every member spares each a look at those before it.
    return escaped.select(row.str.replace("{,", "{", literal=True).alias("json"))["json"]


def bodies(rows: pl.Series, size: int) -> Iterator[tuple[bytes, int]]:
    """Cut rendered rows into request bodies of up to `size`, or fewer where the API takes no more.

    Each comes with its number of rows.
    """
    for start in range(0, len(rows), size):
        yield from _cut(rows.slice(start, size))


def _cut(rows: pl.Series) -> Iterator[tuple[bytes, int]]:
    text = body(rows)
    if len(text) <= BODY_BYTES_MAX or len(rows) == 1:
        yield text, len(rows)
    else:
        half = len(rows) // 2
        yield from _cut(rows.slice(0, half))
        yield from _cut(rows.slice(half))


def body(rows: pl.Series) -> bytes:
    """The request body that holds all these rendered rows."""
    return b'{"transactions":[' + ",".join(rows.to_list()).encode() + b"]}"


def _member(column: pl.Series) -> pl.Expr:
    name = column.name
    is_bare = name in NUMBERS
    head, tail = (f',"{name}":', "") if is_bare else (f',"{name}":"', '"')
    member = pl.concat_str(pl.lit(head), _text(name), pl.lit(tail))
    return member.fill_null("") if column.null_count() else member


def _text(name: str) -> pl.Expr:
    if name in INSTANTS:  # As our own encoder writes them.
        is_whole = pl.col(name).dt.millisecond() == 0
        forms = [pl.col(name).dt.strftime(f"%Y-%m-%dT%H:%M:%S{part}Z") for part in ("", "%.6f")]
        return pl.when(is_whole).then(forms[0]).otherwise(forms[1])
    return pl.col(name).cast(pl.String)


def _wants_escaping(column: pl.Series) -> bool:
    if column.dtype != pl.String:
        return False
    return bool(column.str.contains(_TO_ESCAPE).any())


def _escaped(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]
