"""Rows of a Parquet file become transactions, some thousands at a time, never the whole file."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from typing import assert_never

import polars as pl
import pyarrow as pa
from pyarrow import parquet

from watchkeeper.errors import Failure
from watchkeeper.ingest.mapping import (
    FILE_MARK,
    Column,
    Constant,
    Mapping,
    Moment,
    Origin,
    Scaled,
    Template,
    TimeForm,
)
from watchkeeper.json_columns import INSTANT, INSTANT_TYPE, column_type

ROWS_AT_ONCE = 20_000
ROW = "row"
DAY_SECONDS = 24 * 3_600
_MARK_LETTERS, _NAME_LETTERS = 12, 6


@dataclass(frozen=True, slots=True)
class ParquetFile:
    """An open file: its columns, its number of rows, and letters that stand for its content."""

    path: Path
    columns: tuple[str, ...]
    rows: int
    mark: str

    @classmethod
    def at(cls, path: Path) -> "ParquetFile":
        """Open it; reads it once for its SHA-256."""
        try:
            with parquet.ParquetFile(path) as opened:
                columns, rows = tuple(opened.schema_arrow.names), opened.metadata.num_rows
            with path.open("rb") as file:
                digest = file_digest(file, "sha256").digest()
        except OSError as error:
            raise Failure(
                f"{path} cannot be read: {error.strerror or error}.", "Check the name."
            ) from None
        except pa.ArrowInvalid as error:
            raise Failure(f"{path} is no Parquet file: {error}.", "Convert it first.") from None
        return cls(path, columns, rows, _letters(digest))

    def reading(self, mapping: Mapping, limit: int | None) -> "Reading":
        """The file as the mapping says, `limit` transactions at most."""
        return Reading(self, mapping, self.rows if limit is None else limit)


@dataclass(slots=True)
class Reading:
    """A file on its way: how many rows were left out so far because the mapping says so."""

    file: ParquetFile
    mapping: Mapping
    limit: int
    skipped: int = 0

    def frames(self) -> Iterator[pl.DataFrame]:
        """Transactions as columns, in the order of the file."""
        first, left = 0, self.limit
        with parquet.ParquetFile(self.file.path) as opened:
            for batch in opened.iter_batches(ROWS_AT_ONCE, columns=list(self.mapping.columns())):
                rows = pl.from_arrow(pa.Table.from_batches([batch]))
                assert isinstance(rows, pl.DataFrame)
                numbered = rows.with_row_index(ROW, first)
                first += len(rows)
                frame = self._wanted(transactions(numbered, self.mapping, self.file.mark), left)
                left -= len(frame)
                yield frame
                if not left:
                    return

    def _wanted(self, frame: pl.DataFrame, left: int) -> pl.DataFrame:
        origin = self.mapping.fields.get("amount_minor")
        if not isinstance(origin, Scaled) or not origin.skips_zero:
            return frame.head(left)
        # What is no number, or less than nought, goes to the door, which names it.
        is_wanted = (frame["amount_minor"] != 0).fill_null(value=True)
        wanted = frame.filter(is_wanted).head(left)
        skipped = is_wanted if len(wanted) < left else is_wanted.head(_end(is_wanted, left))
        self.skipped += int((~skipped).sum())
        return wanted


def _end(is_wanted: pl.Series, count: int) -> int:
    """One past the row with which so many wanted ones are there."""
    return int((is_wanted.cum_sum() >= count).arg_max() or 0) + 1


def transactions(rows: pl.DataFrame, mapping: Mapping, mark: str) -> pl.DataFrame:
    """The rows as the mapping says; a row that is not numbered has no id."""
    return rows.select(
        row_id(mark),
        *(
            _expression(origin, mark, rows.schema)
            .cast(INSTANT_TYPE if field == INSTANT else column_type(field), strict=False)
            .alias(field)
            for field, origin in mapping.fields.items()
        ),
    )


def row_id(mark: str) -> pl.Expr:
    """The id of a numbered row's transaction."""
    number = pl.col(ROW).cast(pl.String).str.zfill(8)
    return pl.concat_str(pl.lit(f"{mark}-"), number).alias("transaction_id")


def _expression(origin: Origin, mark: str, schema: pl.Schema) -> pl.Expr:
    match origin:
        case Constant():
            return pl.lit(origin.value)
        case Column():
            column = pl.col(origin.column)
            if origin.values is None:
                return column
            return column.cast(pl.String).replace_strict(dict(origin.values), default=None)
        case Template():
            return _filled(origin, mark)
        case Scaled():
            return (pl.col(origin.column).cast(pl.Float64, strict=False) * origin.scale).round()
        case Moment():
            return _instant(origin, schema)
        case _:
            assert_never(origin)


def _filled(template: Template, mark: str) -> pl.Expr:
    text, parts = template.text, []
    for column in template.columns:
        before, _, text = text.partition("{" + column + "}")
        value = pl.lit(mark[:_NAME_LETTERS]) if column == FILE_MARK else pl.col(column)
        parts += [pl.lit(before), value.cast(pl.String)]
    return pl.concat_str(*parts, pl.lit(text))


def _instant(moment: Moment, schema: pl.Schema) -> pl.Expr:
    column = pl.col(moment.column)
    match moment.form:
        case TimeForm.UTC:
            kind = schema[moment.column]
            is_zoned = isinstance(kind, pl.Datetime) and kind.time_zone is not None
            stamp = column.cast(pl.Datetime("ms"), strict=False)
            return column.dt.convert_time_zone("UTC") if is_zoned else stamp
        case TimeForm.ISO:
            return column.str.to_datetime(time_unit="ms", time_zone="UTC", strict=False)
        case TimeForm.EPOCH_SECONDS:
            return (column.cast(pl.Float64, strict=False) * 1_000).round().cast(pl.Int64)
        case TimeForm.EPOCH_MILLISECONDS:
            return column.cast(pl.Int64, strict=False)
        case TimeForm.DAY_NUMBER:
            second = (pl.col(ROW).cast(pl.Int64) * moment.step_seconds) % DAY_SECONDS
            day = pl.lit(moment.start_instant) + pl.duration(days=column.cast(pl.Int64))
            return day + pl.duration(seconds=second)
        case _:
            assert_never(moment.form)


def _letters(digest: bytes) -> str:
    return "".join(chr(ord("a") + byte % 16) for byte in digest[:_MARK_LETTERS])
