"""The shipped rules on the public card payments: what the labels say of them (`-s` shows it)."""

import json
from pathlib import Path
from time import process_time

import pytest
from typer.testing import CliRunner

from watchkeeper.commands.rules import app

pytestmark = pytest.mark.data


def test_most_of_what_the_shipped_rules_flag_is_fraud(data_sets: Path) -> None:
    file = data_sets / "card_payments_2018_apr_jul.parquet"
    began = process_time()
    result = CliRunner().invoke(
        app, ["backtest", "--input", str(file), "--labels", "TX_FRAUD", "--json"]
    )
    found = json.loads(result.stdout.splitlines()[-1])
    quality = found["flagged"]["quality"]
    shown = {rule["rule_id"]: rule["effect"]["quality"] for rule in found["rules"]}
    lines = [
        f"{name}: precision {one['precision']['share']:.3f}, recall {one['recall']['share']:.3f}"
        for name, one in ({"all rules": quality} | shown).items()
        if one["precision"] is not None
    ]
    seconds = process_time() - began
    print("", *lines, f"{seconds:.1f} s of processor time", sep="\n")  # noqa: T201  (for `-s`)
    assert (found["transactions"], found["frauds"]) == (1_169_694, 9_465)
    assert quality["precision"]["low"] > 0.5
    assert quality["recall"]["low"] > 0.02
    assert found["flagged"]["alerts_per_day"] < 100
