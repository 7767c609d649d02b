"""`watchkeeper rules run`: what it reads, what it writes, what it says."""

import json
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from analytics import batch
from data_contracts.transaction import Transaction
from tests.factories import a_transaction, minute
from tests.rules.features.batches import a_frame
from watchkeeper.commands.rules import app
from watchkeeper.errors import Failure
from watchkeeper.publish import shipped_catalogue, sound_catalogue
from watchkeeper.transaction_files import OWN, read_transactions

ENGINES = ("stream", "batch")
MAPPING = """
name: shop
title: A shop's list
recognise: [WHO]
fields:
  account_id: {column: WHO}
  type: {constant: card_payment}
  direction: {constant: debit}
  amount_minor: {column: HOW_MUCH, scale: 100, skip_zero: true}
  currency: {constant: EUR}
  occurred_at: {column: WHEN, time: iso}
  channel: {constant: card}
  card_token: {column: WHO}
"""


def run(*arguments: str | Path) -> tuple[int, str]:
    result = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["run", *map(str, arguments)])
    if isinstance(result.exception, Failure):
        raise result.exception
    assert not isinstance(result.exception, Exception)
    return result.exit_code, result.output


def a_file(path: Path, history: list[Transaction]) -> Path:
    a_frame(history).drop("position").write_parquet(path)
    return path


def many_payments() -> list[Transaction]:
    """Six small ones within a minute, one of them sent twice, and one that the door refuses."""
    payments = [a_transaction(occurred_at=minute(number / 10)) for number in range(6)]
    return [*payments[:4], payments[2], *payments[4:], a_transaction(merchant_country="xx")]


@pytest.mark.parametrize("engine", ENGINES)
def test_it_says_what_became_of_each_row(engine: str, tmp_path: Path) -> None:
    file, output = a_file(tmp_path / "in.parquet", many_payments()), tmp_path / "out.parquet"

    code, printed = run("--engine", engine, "--input", file, "--output", output, "--json")

    found = json.loads(printed.splitlines()[-1])
    assert code == 0
    assert (found["rows"], found["scored"], found["copies"], found["refused"]) == (8, 6, 1, 1)
    assert sum(found["decisions"].values()) == 6
    assert found["rule_set"] == sound_catalogue(shipped_catalogue()).rule_set().fingerprint()


@pytest.mark.parametrize("engine", ENGINES)
def test_the_table_has_the_agreed_columns_and_the_hits(engine: str, tmp_path: Path) -> None:
    history = many_payments()
    file, output = a_file(tmp_path / "in.parquet", history), tmp_path / "out.parquet"

    run("--engine", engine, "--input", file, "--output", output)

    table = pl.read_parquet(output)
    assert table.schema == batch.schema(sound_catalogue(shipped_catalogue()).rule_set())
    assert table["transaction_id"].to_list() == [
        history[number].transaction_id for number in (0, 1, 2, 3, 5, 6)
    ]
    assert table["card_payment_count_10m"].to_list() == [1, 2, 3, 4, 5, 6]
    assert "card-payments-10m" in table["hits"].to_list()[-1]
    assert list(tmp_path.glob("*.part")) == []


@pytest.mark.parametrize("engine", ENGINES)
def test_a_mapping_of_ones_own(engine: str, tmp_path: Path) -> None:
    file, mapping = tmp_path / "in.parquet", tmp_path / "shop.yaml"
    mapping.write_text(MAPPING)
    when = ["2026-03-02T12:00:00Z", "2026-03-02T12:00:01Z", "2026-03-02T12:00:02Z"]
    pl.DataFrame({"WHO": ["a", "a", "b"], "HOW_MUCH": [1.5, 0, 2], "WHEN": when}).write_parquet(
        file
    )
    output = tmp_path / "out.parquet"

    _, printed = run("--engine", engine, "--input", file, "--output", output, "--mapping", mapping)

    assert pl.read_parquet(output)["card_payment_count_10m"].to_list() == [1, 1]
    assert "1 rows move no money" in printed


def test_an_empty_file_makes_an_empty_table(tmp_path: Path) -> None:
    file = tmp_path / "in.parquet"
    a_frame([a_transaction()]).drop("position").clear().write_parquet(file)

    for engine in ENGINES:
        run("--engine", engine, "--input", file, "--output", tmp_path / f"{engine}.parquet")

    tables = [pl.read_parquet(tmp_path / f"{engine}.parquet") for engine in ENGINES]
    assert tables[0].equals(tables[1])
    assert len(tables[0]) == 0


def test_a_column_of_another_type_is_named(tmp_path: Path) -> None:
    file = tmp_path / "in.parquet"
    frame = a_frame([a_transaction()]).drop("position")
    frame.with_columns(pl.col("amount_minor").cast(pl.Float64)).write_parquet(file)

    with pytest.raises(Failure, match="the column amount_minor holds Float64"):
        run("--engine", "batch", "--input", file, "--output", tmp_path / "out.parquet")


def test_a_table_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    file = a_file(tmp_path / "in.parquet", [a_transaction()])

    with pytest.raises(Failure, match="cannot be written"):
        run("--engine", "batch", "--input", file, "--output", tmp_path / "no" / "out.parquet")


def test_a_time_finer_than_a_millisecond_is_none(tmp_path: Path) -> None:
    file = tmp_path / "in.parquet"
    frame = a_frame([a_transaction(), a_transaction()]).drop("position")
    fine = pl.Series([0, 1]) * timedelta(microseconds=1)
    frame.with_columns(pl.col("occurred_at").cast(pl.Datetime("us", "UTC")) + fine).write_parquet(
        file
    )

    found = read_transactions(file, None)

    assert found.title == OWN
    assert found.frame["occurred_at"].is_null().to_list() == [False, True]
