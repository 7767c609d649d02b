"""The past that a rule set is tried on: a Parquet file, or the archive of a stack."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from analytics.backtest import archived
from analytics.backtest.labels import ID, Labels, NoLabels, labels_of, labels_of_file
from runtime.archive import active_files
from watchkeeper.admission import admitted
from watchkeeper.errors import Failure
from watchkeeper.ingest.rows import ROW, ParquetFile, row_id
from watchkeeper.transaction_files import read_transactions


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What was asked for: a file with its mapping, or the archive in `data`; and the labels."""

    file: Path | None
    mapping: Path | None
    labels: str | None
    data: Path


@dataclass(frozen=True, slots=True)
class Past:
    """Transactions in order of position, how they are called, and what is known of fraud."""

    source: str
    transactions: pl.DataFrame
    labels: Labels | None


def read(wanted: Wanted) -> Past:
    """Read it, or raise `Failure` where there is nothing."""
    if wanted.file is None:
        labels = None if wanted.labels is None else _of_file(Path(wanted.labels), ())
        return Past("the archive", _archived(wanted.data), labels)
    found = admitted(read_transactions(wanted.file, wanted.mapping).frame)
    if found.frame.is_empty():
        why = "" if found.reason is None else f" The first row is refused: {found.reason}."
        raise Failure(f"There is no transaction in {wanted.file}.{why}", "Give another --input.")
    refused = f" ({found.refused:,} rows refused)" if found.refused else ""
    return Past(f"{wanted.file.name}{refused}", found.frame, _labels(wanted, wanted.file))


def _archived(data: Path) -> pl.DataFrame:
    folder = data / "archive" / "transactions"
    if not folder.exists() or not active_files(folder):
        raise Failure(
            f"There is no transaction in the archive of {data}.",
            "Send some with `watchkeeper simulate`, or name a Parquet file with --input.",
        )
    return archived.transactions(folder)


def _labels(wanted: Wanted, file: Path) -> Labels | None:
    """Labels of a column of the input, or of a file beside."""
    if wanted.labels is None:
        return None
    opened = ParquetFile.at(file)
    if wanted.labels not in opened.columns:
        return _of_file(Path(wanted.labels), opened.columns)
    has_ids = wanted.mapping is None and ID in opened.columns
    names = [wanted.labels, *([ID] if has_ids else [])]
    rows = pl.read_parquet(file, columns=names).with_row_index(ROW)
    ids = rows[ID] if has_ids else rows.select(row_id(opened.mark)).to_series()
    try:
        return labels_of(ids, rows[wanted.labels])
    except NoLabels as error:
        raise Failure(f"{file}: {error}.", "Name another column with --labels.") from None


def _of_file(path: Path, columns: tuple[str, ...]) -> Labels:
    if not path.is_file():
        there = f" The input has {', '.join(columns)}." if columns else ""
        raise Failure(
            f'"{path}" is neither a file nor a column of the input.{there}',
            "Give a column of --input, or a Parquet or NDJSON file with transaction_id "
            "(and is_fraud, unless every transaction in it is a fraud).",
        )
    try:
        is_parquet = path.suffix == ".parquet"
        return labels_of_file(pl.read_parquet(path) if is_parquet else pl.read_ndjson(path))
    except (NoLabels, PolarsError) as error:
        raise Failure(f"{path} holds no labels: {error}.", "docs/backtest.md shows how.") from None
