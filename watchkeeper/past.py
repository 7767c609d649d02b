"""The past that a rule set is tried on: a Parquet file, or the archive of a stack."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from analytics.backtest import archived
from analytics.backtest.labels import Labels, NoLabels, labels_of, labels_of_file
from runtime.archive import active_files
from watchkeeper.errors import Failure
from watchkeeper.ingest.reading import read_mapping, recognised
from watchkeeper.ingest.rows import ROW, ParquetFile, row_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What was asked for: a file with its mapping, or the archive in `data`; and the labels."""

    file: Path | None
    mapping: Path | None
    labels: str | None
    data: Path


@dataclass(frozen=True, slots=True)
class Past:
    """What it is called, its transactions in order of position, and what is known of fraud."""

    source: str
    transactions: pl.DataFrame
    labels: Labels | None


def read(wanted: Wanted) -> Past:
    """Read it, or raise `Failure` where there is nothing."""
    if wanted.file is None:
        return _of_archive(wanted)
    opened = ParquetFile.at(wanted.file)
    mapping = wanted.mapping
    known = read_mapping(mapping, opened.columns) if mapping else recognised(opened.columns)
    reading = opened.reading(known, None)
    transactions = pl.concat(reading.frames())
    return Past(wanted.file.name, transactions, _labels(wanted.labels, opened))


def _labels(name: str | None, opened: ParquetFile | None = None) -> Labels | None:
    """Labels of a column of the input, or of a file beside."""
    if name is None:
        return None
    if opened is not None and name in opened.columns:
        return _of_column(opened, name)
    return _of_file(name, () if opened is None else opened.columns)


def _of_archive(wanted: Wanted) -> Past:
    folder = wanted.data / "archive" / "transactions"
    if not folder.exists() or not active_files(folder):
        raise Failure(
            f"There is no transaction in the archive of {wanted.data}.",
            "Send some with `watchkeeper simulate`, or name a Parquet file with --input.",
        )
    return Past("the archive", archived.transactions(folder), _labels(wanted.labels))


def _of_column(opened: ParquetFile, column: str) -> Labels:
    rows = pl.read_parquet(opened.path, columns=[column]).with_row_index(ROW)
    try:
        return labels_of(rows.select(row_id(opened.mark)).to_series(), rows[column])
    except NoLabels as error:
        raise Failure(f"{opened.path}: {error}.", "Name another column with --labels.") from None


def _of_file(name: str, columns: tuple[str, ...]) -> Labels:
    path = Path(name)
    if not path.is_file():
        there = f" The input has {', '.join(columns)}." if columns else ""
        raise Failure(
            f'"{name}" is neither a file nor a column of the input.{there}',
            "Give a column of --input, or a Parquet or NDJSON file with transaction_id "
            "(and is_fraud, unless every transaction in it is a fraud).",
        )
    try:
        is_parquet = path.suffix == ".parquet"
        return labels_of_file(pl.read_parquet(path) if is_parquet else pl.read_ndjson(path))
    except (NoLabels, PolarsError) as error:
        raise Failure(f"{path} holds no labels: {error}.", "docs/backtest.md shows how.") from None
