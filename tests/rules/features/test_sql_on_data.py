"""Every feature of the catalogue on the public data sets: SQL and batch engine agree."""

from pathlib import Path

import duckdb
import polars as pl
import pytest

from rules.features import sql
from rules.features.batch.values import columns
from rules.transaction_frame import without_copies
from watchkeeper.admission import admitted
from watchkeeper.publish import shipped_catalogue, sound_catalogue
from watchkeeper.transaction_files import read_transactions

pytestmark = [pytest.mark.data, pytest.mark.timeout(1_800)]


@pytest.mark.parametrize("name", ["transfers_cycles", "card_payments_2018_apr_jul"])
def test_every_cell_of_the_sql_form_is_the_batch_engines(data_sets: Path, name: str) -> None:
    features = sound_catalogue(shipped_catalogue()).rule_set().features
    given = read_transactions(data_sets / f"{name}.parquet", None)
    history = without_copies(admitted(given.frame).frame)
    unequal = []

    with duckdb.connect(":memory:") as database:
        database.register("archive", history.to_arrow())
        names = frozenset[str]().union(*map(sql.fields_of, features))
        database.execute(f"CREATE TEMP TABLE log AS {sql.log(names)}")
        for column in columns(features, history):
            question = f"{sql.feature(column.definition)} ORDER BY position"
            found = database.sql(question).pl()
            columns_found = pl.DataFrame(
                {
                    "value": found["value"].cast(column.values.dtype),
                    "flag": found["flag"].cast(column.flags.dtype),
                }
            )
            expected = pl.DataFrame({"value": column.values, "flag": column.flags})
            if not columns_found.equals(expected):
                unequal.append(column.definition.name)

    assert unequal == []
