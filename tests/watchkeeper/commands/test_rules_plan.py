"""`watchkeeper rules plan`: the effect before it is, and the exit code that CI asks for."""

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from rules.rule_set import load_catalogue
from tests.watchkeeper.commands.pasts import AMOUNT, COUNTING, catalogue, file_of, transactions
from watchkeeper.commands import rules_plan
from watchkeeper.errors import Failure

POLICY = "review_at: 50\ndecline_at: 90\nminutes_per_alert: 30\n"
LOWER = AMOUNT.replace("9000", "8000").replace("8999", "7999")

app = typer.Typer()
app.command()(rules_plan.run)


def run(*arguments: str | Path) -> tuple[int, str]:
    result = CliRunner(env={"COLUMNS": "200"}).invoke(app, list(map(str, arguments)))
    if isinstance(result.exception, Failure):
        raise result.exception
    return result.exit_code, result.stdout


def plan(*arguments: str | Path) -> tuple[int, dict[str, Any]]:
    code, output = run(*arguments, "--json")
    return code, json.loads(output.splitlines()[-1])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return file_of(transactions(), tmp_path / "transactions.parquet")


@pytest.fixture
def now(tmp_path: Path) -> Path:
    return catalogue(tmp_path / "now", policy=POLICY)


def test_an_unchanged_set_changes_nothing(now: Path, file: Path) -> None:
    code, found = plan("--catalogue", now, "--against", now, "--input", file)
    assert code == 0
    assert (found["changes"], found["comparison"]["flips"]) == ([], [])
    assert found["rule_set"] == found["against"]
    _, output = run("--catalogue", now, "--against", now, "--input", file)
    assert "Nothing changes" in output


def test_a_lower_threshold_flips_decisions(tmp_path: Path, now: Path, file: Path) -> None:
    then = catalogue(tmp_path / "then", policy=POLICY, amount=LOWER)
    code, found = plan("--catalogue", then, "--against", now, "--input", file)
    assert code == 0
    assert found["rule_set"] == load_catalogue(then)[0].fingerprint()
    assert {(flip["now"], flip["then"]) for flip in found["comparison"]["flips"]} == {
        ("approve", "review"),
        ("review", "decline"),
    }
    (change,) = found["changes"]
    assert (change["part"], change["name"], change["act"]) == ("rule", "large", "changed")
    hours = found["work_then"]["hours_per_day"]
    assert hours == pytest.approx(found["work_then"]["alerts_per_day"] / 2)


def test_past_its_alert_budget_a_plan_fails(tmp_path: Path, now: Path, file: Path) -> None:
    tight = catalogue(tmp_path / "tight", policy=f"{POLICY}alert_budget_per_day: 1\n", amount=LOWER)
    code, found = plan("--catalogue", tight, "--against", now, "--input", file)
    assert code == 1
    (breach,) = found["breaches"]
    assert (breach["rule_id"], breach["budget"]) == (None, 1)
    assert breach["alerts_per_day"] > 1
    code, output = run("--catalogue", tight, "--against", now, "--input", file)
    assert code == 1
    assert "Past the budget" in output


def test_past_the_budget_of_a_rule_too(tmp_path: Path, now: Path, file: Path) -> None:
    tight = catalogue(tmp_path / "tight", amount=f"{LOWER}alert_budget_per_day: 1\n")
    code, found = plan("--catalogue", tight, "--against", now, "--input", file)
    assert code == 1
    assert [breach["rule_id"] for breach in found["breaches"]] == ["large"]


def test_the_report_begins_with_the_verdict(tmp_path: Path, now: Path, file: Path) -> None:
    then = catalogue(tmp_path / "then", policy=POLICY, amount=LOWER)
    report = tmp_path / "plan.md"
    run("--catalogue", then, "--against", now, "--input", file, "--report", report)
    title, verdict, *_ = report.read_text().split("\n\n")
    assert title.startswith("# Plan for rule set")
    assert verdict.startswith("**✓")
    assert f"rules approve {load_catalogue(then)[0].fingerprint()}" in report.read_text()


def test_rules_whose_tests_fail_are_not_planned(tmp_path: Path, now: Path, file: Path) -> None:
    wrong = catalogue(tmp_path / "wrong", counting=COUNTING.replace("repeat: 2", "repeat: 1"))
    with pytest.raises(Failure, match="1 of 4 tests of the rules fail:\n  neighbour: a hit"):
        run("--catalogue", wrong, "--against", now, "--input", file)


def test_rules_with_mistakes_are_not_planned(tmp_path: Path, now: Path, file: Path) -> None:
    wrong = catalogue(tmp_path / "wrong", counting=COUNTING.replace("low", "lwo"))
    with pytest.raises(Failure, match='did you mean "low"'):
        run("--catalogue", wrong, "--against", now, "--input", file)


def test_without_a_stack_it_says_how_to_compare(tmp_path: Path, now: Path, file: Path) -> None:
    with pytest.raises(Failure, match="No stack runs") as caught:
        run("--catalogue", now, "--input", file, "--data", tmp_path)
    assert "--against" in caught.value.mend
