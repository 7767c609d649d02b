"""Traffic through the whole stack: simulated, from files, shown and measured, and all accounted."""

import json
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.stories.conftest import COMMAND_SECONDS_MAX, WATCHKEEPER, Stack, ended
from watchkeeper.simulator.campaigns import CAMPAIGNS

pytestmark = pytest.mark.stack

LAST_LINE = {
    *("accepted", "decided", "posted", "archived", "alerts", "dead_letters"),
    *("lost", "duplicated", "ledger_balanced", "p95_decision_ms"),
}


def payments(path: Path, amounts: Sequence[float | None]) -> Path:
    count = len(amounts)
    at = [datetime(2026, 1, 5, 12, tzinfo=UTC).replace(tzinfo=None)] * count
    pl.DataFrame(
        {
            "TRANSACTION_ID": range(count),
            "TX_DATETIME": at,
            "CUSTOMER_ID": [number % 997 for number in range(count)],
            "TERMINAL_ID": [number % 499 for number in range(count)],
            "TX_AMOUNT": amounts,
        }
    ).write_parquet(path)
    return path


def settled(stack: dict[str, Any]) -> bool:
    totals = stack["totals"]
    booked = sum(totals[status] for status in ("posted", "held", "refused", "declined"))
    return bool(
        stack["lost"] == stack["duplicated"] == 0
        and stack["ledger_balanced"]
        and totals["accepted"] == totals["decided"] + totals["dead_letters"]
        and totals["decided"] == booked == totals["archived"]
    )


def test_every_planted_attack_is_caught_and_a_repeated_run_adds_nothing(
    stack: Stack, tmp_path: Path
) -> None:
    labels = tmp_path / "labels.parquet"
    run = ("simulate", "--tps=150", "--seconds=20", "--seed=5", "--fraud=all", "--accounts=20000")
    start = datetime.now(UTC).isoformat(timespec="seconds").removesuffix("+00:00")  # noqa: TID251
    first = stack.run(*run, "--start", start, "--labels", str(labels))
    assert first["sent"]["accepted"] == 3_000
    assert settled(first["stack"])
    planted = {each["typology"]: each for each in first["planted"]}
    assert set(planted) == set(CAMPAIGNS) == set(pl.read_parquet(labels)["typology"])
    assert {name for name, each in planted.items() if not each["caught"]} == set()
    again = stack.run(*run, "--start", start)
    assert (again["sent"]["accepted"], again["sent"]["duplicates"]) == (0, 3_000)
    assert again["stack"]["totals"] == first["stack"]["totals"]


def test_a_file_is_taken_whole_and_a_second_time_adds_nothing(stack: Stack, tmp_path: Path) -> None:
    file = payments(tmp_path / "payments.parquet", [1.0 + number / 100 for number in range(5_000)])
    first = stack.run("ingest", str(file))
    assert (first["rows"], first["sent"]["accepted"]) == (5_000, 5_000)
    assert settled(first["stack"])
    again = stack.run("ingest", str(file))
    assert (again["sent"]["accepted"], again["sent"]["duplicates"]) == (0, 5_000)
    assert again["stack"]["totals"] == first["stack"]["totals"]


def test_a_row_that_is_refused_is_named_and_makes_the_command_fail(
    stack: Stack, tmp_path: Path
) -> None:
    file = payments(tmp_path / "wrong.parquet", [5.0, None, -3.0, 7.0])
    command = stack.start("ingest", str(file), "--tps=100", "--json")
    out, _ = command.communicate(timeout=COMMAND_SECONDS_MAX)
    assert command.returncode == 1
    found = json.loads(out.splitlines()[-1])
    assert (found["sent"]["accepted"], found["sent"]["errors"]) == (2, 2)
    assert any("amount_minor" in reason for reason in found["sent"]["reasons"])


def test_without_a_stack_every_command_says_how_to_start_one(tmp_path: Path) -> None:
    nowhere = Stack(tmp_path / "nowhere")
    command = nowhere.start("simulate")
    _, err = command.communicate(timeout=COMMAND_SECONDS_MAX)
    assert command.returncode == 1
    assert "watchkeeper up --detach" in err


def test_the_demo_ends_with_one_line_of_figures(tmp_path: Path) -> None:
    demo = subprocess.Popen(
        [WATCHKEEPER, "demo", "--seconds=20", "--accounts=20000", "--data", tmp_path / "demo"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    found = ended(demo)
    assert set(found) == LAST_LINE
    assert found["accepted"] > 1_000
    assert found["decided"] == found["archived"]
    assert found["alerts"] >= len(CAMPAIGNS)
    assert (found["lost"], found["duplicated"], found["ledger_balanced"]) == (0, 0, True)
    assert not (tmp_path / "demo" / "stack.json").exists()


def test_the_bench_measures_a_stack_of_its_own() -> None:
    bench = subprocess.Popen(
        [WATCHKEEPER, "bench", "e2e", "--tps=200", "--seconds=8", "--warm-up=2", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    found = ended(bench)
    assert (found["lost"], found["duplicated"], found["error_ratio"]) == (0, 0, 0.0)
    assert found["accepted_per_second"] == pytest.approx(200, rel=0.1)
    assert found["decided_per_second"] == pytest.approx(200, rel=0.1)
    assert 0 < found["decision_p50_ms"] <= found["decision_p95_ms"] <= found["decision_p99_ms"]
    assert found["ledger_p95_ms"] > 0
    assert found["cpu_us_per_transaction"] > 0
    assert {"kafka", "postgres", "api", "scoring"} <= set(found["processes"])
