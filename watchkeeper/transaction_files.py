"""A Parquet file of transactions as a frame: in the contract's own columns, or by a mapping."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from rules.expressions.kinds import Kind
from rules.expressions.names import fields
from rules.transaction_frame import INSTANT_TYPE, completed
from watchkeeper.errors import Failure
from watchkeeper.ingest.reading import read_mapping, recognised
from watchkeeper.ingest.rows import ParquetFile

OWN = "transactions in the contract's own columns"
_INSTANTS = ("occurred_at", "received_at")
_NEEDED = frozenset(
    name
    for name, field in fields().items()
    if not field.is_nullable and name not in {"tenant", "received_at"}
)


@dataclass(frozen=True, slots=True)
class TransactionFile:
    """What the file is, its transactions in order of arrival, and how many rows move no money."""

    title: str
    frame: pl.DataFrame
    skipped: int


def read_transactions(path: Path, mapping: Path | None) -> TransactionFile:
    """Read all of it, or raise `Failure`; without a mapping the file is known by its columns."""
    opened = ParquetFile.at(path)
    if mapping is None and set(opened.columns) >= _NEEDED:
        return TransactionFile(OWN, completed(_own(opened)), 0)
    known = read_mapping(mapping, opened.columns) if mapping else recognised(opened.columns)
    reading = opened.reading(known, None)
    frame = pl.concat(list(reading.frames()))
    return TransactionFile(known.title, completed(frame), reading.skipped)


def _own(opened: ParquetFile) -> pl.DataFrame:
    """The contract's columns; a time finer than a millisecond is none, and the door refuses it."""
    names = [name for name in fields() if name in opened.columns]
    frame = pl.read_parquet(opened.path, columns=names)
    for name in names:
        _check(opened.path, name, frame.schema[name])
    return frame.with_columns(_whole(name, frame) for name in _INSTANTS if name in names)


def _check(path: Path, name: str, found: pl.DataType) -> None:
    wanted, is_fine = {
        Kind.TEXT: ("texts", isinstance(found, pl.String | pl.Enum | pl.Categorical)),
        Kind.WHOLE: ("whole numbers", found.is_integer()),
        Kind.NUMBER: ("numbers", found.is_numeric()),
        Kind.INSTANT: ("timestamps in UTC", isinstance(found, pl.Datetime)),
    }[fields()[name].kind]
    if not is_fine and found != pl.Null:
        raise Failure(
            f"{path}: the column {name} holds {found}, and {wanted} are needed.",
            "Convert it, or name a --mapping that says how to read it.",
        )


def _whole(name: str, frame: pl.DataFrame) -> pl.Expr:
    column, kind = pl.col(name), frame.schema[name]
    whole = column.cast(INSTANT_TYPE)
    if not isinstance(kind, pl.Datetime) or kind.time_unit == "ms":
        return whole
    fine = pl.Datetime(kind.time_unit, "UTC")
    return pl.when(whole.cast(fine) == column.cast(fine)).then(whole).alias(name)
