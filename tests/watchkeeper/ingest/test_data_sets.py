"""The mappings that ship with the project, on the public data sets themselves."""

from pathlib import Path

import polars as pl
import pytest

from data_contracts import door
from data_contracts.transaction import TransactionRequest
from watchkeeper import json_columns
from watchkeeper.ingest import reading, rows

pytestmark = pytest.mark.data

FILES = ("card_payments_2018_apr_jul", "transfers_cycles", "transfers_fan_in")
LIMIT = 30_000


@pytest.mark.parametrize("name", FILES)
def test_every_row_passes_the_door_with_its_amount(data_sets: Path, name: str) -> None:
    path = data_sets / f"{name}.parquet"
    file = rows.ParquetFile.at(path)
    mapping = reading.recognised(file.columns)
    amounts = [
        item.amount_minor if isinstance(item, TransactionRequest) else None
        for frame in file.reading(mapping, LIMIT).frames()
        for body, _ in json_columns.bodies(json_columns.rendered(frame), 1_000)
        for item in door.parse_batch(body)
    ]
    column = "TX_AMOUNT" if "TX_AMOUNT" in file.columns else "value"
    minor = (pl.col(column) * 100).round().cast(pl.Int64)
    given = pl.scan_parquet(path).select(minor).filter(pl.col(column) > 0).head(LIMIT).collect()
    assert amounts == given[column].to_list()


def test_two_samples_share_no_account(data_sets: Path) -> None:
    accounts = []
    for name in FILES[1:]:
        file = rows.ParquetFile.at(data_sets / f"{name}.parquet")
        (frame,) = file.reading(reading.recognised(file.columns), 1_000).frames()
        accounts.append(set(frame["account_id"]) | set(frame["counterparty_id"]))
    assert not accounts[0] & accounts[1]
