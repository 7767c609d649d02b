"""The transactions of the archive, as the stream saw them."""

from pathlib import Path

import polars as pl

from analytics.sql import closed
from data_contracts.transaction import Transaction

MEMORY = "8GB"
INSTANT = pl.Datetime("ms", "UTC")
FIELDS = Transaction.__struct_fields__
QUESTION = f"SELECT cell, position, {', '.join(FIELDS)} FROM transactions"  # noqa: S608  (ours)


def transactions(folder: Path) -> pl.DataFrame:
    """Every field of every transaction, by cell and position; later copies of an id are hidden."""
    with closed(folder, MEMORY) as connection:
        found = pl.from_arrow(connection.sql(QUESTION).to_arrow_table())
    assert isinstance(found, pl.DataFrame)
    instants = [pl.col(name).cast(INSTANT) for name in ("occurred_at", "received_at")]
    return found.sort("cell", "position").with_columns(instants)
