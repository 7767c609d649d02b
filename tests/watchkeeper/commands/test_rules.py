"""`watchkeeper rules`: what it prints, and how it ends."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.rules.catalogues import NEIGHBOUR, write
from watchkeeper.commands.rules import app
from watchkeeper.errors import Failure
from watchkeeper.publish import shipped_catalogue, sound_catalogue

RULE = "catalogue/card-testing/neighbour.yaml"


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner(env={"COLUMNS": "200"}).invoke(app, list(arguments))
    if isinstance(result.exception, Failure):
        raise result.exception
    return result.exit_code, result.output


def test_the_shipped_rules_are_listed_by_typology() -> None:
    code, output = run("list")
    assert code == 0
    assert "card-testing" in output
    assert "card-payments-10m" in output


def test_the_list_is_one_line_of_json_for_programs() -> None:
    _, output = run("list", "--json")
    found = {row["id"]: row for row in json.loads(output)}
    assert found["card-payments-10m"]["scores"] == [50, 80]
    assert found["night-cash-out"]["status"] == "shadow"
    assert output.count("\n") == 1


def test_lint_of_sound_rules_ends_with_zero_and_the_hash() -> None:
    code, output = run("lint")
    assert code == 0
    assert sound_catalogue(shipped_catalogue()).rule_set().fingerprint() in output


def test_lint_names_every_mistake_and_ends_with_one(tmp_path: Path) -> None:
    wrong = NEIGHBOUR.replace("severity: low", "severity: lwo").replace("IN high", "IN hihg")
    folder = write(tmp_path, {RULE: wrong})
    code, output = run("lint", "--catalogue", str(folder))
    assert code == 1
    assert f'{folder}/{RULE}:5:11 [severity]: unknown severity "lwo"; did you mean "low"?' in output
    assert "13:82" not in output
    assert 'unknown list "hihg_risk_countries"; did you mean "high_risk_countries"?' in output
    assert output.endswith("2 mistakes, 4 warnings.\n")


def test_a_warning_does_not_fail_lint(tmp_path: Path) -> None:
    unused = NEIGHBOUR.replace(" AND card_payment_count_30d >= 3", "")
    code, output = run("lint", "--catalogue", str(write(tmp_path, {RULE: unused})))
    assert code == 0
    assert "warning: no rule uses this feature" in output
    assert "no mistake, 5 warnings." in output


def test_lint_for_programs(tmp_path: Path) -> None:
    wrong = NEIGHBOUR.replace("severity: low", "severity: lwo")
    code, output = run("lint", "--json", "--catalogue", str(write(tmp_path, {RULE: wrong})))
    (mistake,) = [row for row in json.loads(output) if row["level"] == "error"]
    assert code == 1
    assert (mistake["line"], mistake["column"], mistake["key"]) == (5, 11, "severity")


AGREED = {"rules", "tests", "failed", "mutants", "mutants_killed"}


def test_the_tests_of_the_shipped_rules_pass_and_notice_nine_mutants_of_ten() -> None:
    code, output = run("test", "--mutants", "--json")
    *rows, last = (json.loads(line) for line in output.splitlines())
    assert code == 0
    assert last.keys() == AGREED | {"mutants_killed_by_written"}
    assert last["failed"] == 0
    assert len(rows) == last["rules"]
    assert last["tests"] > 100 * last["rules"]
    assert last["mutants_killed"] >= 0.98 * last["mutants"]
    assert last["mutants_killed_by_written"] >= 0.95 * last["mutants"]
    assert last["mutants_killed_by_written"] == sum(row["killed_by_written"] for row in rows)


def test_a_test_that_fails_is_shown_with_what_was_seen(tmp_path: Path) -> None:
    wrong = NEIGHBOUR.replace("repeat: 2", "repeat: 1")
    code, output = run("test", "--catalogue", str(write(tmp_path, {RULE: wrong})))
    assert code == 1
    assert "expected a hit" in output
    assert "card_payment_count_1h = 2" in output
    assert "1 rule: 2 tests in the files and" in output


def test_a_test_of_score_and_reason_shows_the_difference(tmp_path: Path) -> None:
    wrong = NEIGHBOUR.replace("hit: true", "hit: true\n    score: 11\n    reason: 4 payments")
    _, output = run("test", "--catalogue", str(write(tmp_path, {RULE: wrong})))
    assert "expected score 11, got 10" in output
    assert 'expected reason "4 payments", got "3 payments"' in output


def test_one_rule_is_tested_alone() -> None:
    _, output = run("test", "card-payments-10m", "--json")
    counts = json.loads(output)
    assert counts.keys() == {"rules", "tests", "failed"}
    assert (counts["rules"], counts["failed"]) == (1, 0)


@pytest.mark.parametrize("command", ["test", "list"])
def test_rules_with_mistakes_are_not_used(command: str, tmp_path: Path) -> None:
    wrong = NEIGHBOUR.replace("severity: low", "severity: lwo")
    folder = write(tmp_path, {RULE: wrong})
    with pytest.raises(Failure, match="did you mean"):
        run(command, "--catalogue", str(folder))


def test_a_rule_is_explained_in_words_in_sql_and_in_python() -> None:
    output = " ".join(run("explain", "in-and-out-1h")[1].split())
    assert "Hits where type is transfer and direction is debit" in output
    assert "account_sent_sum_1h >= 0.9 * account_received_sum_1h" in output
    assert "float(account_sent_sum_1h) >= (0.9 * float(account_received_sum_1h))" in output
    assert "the sum of amount_minor by account_id in the last 1h" in output


def test_an_unknown_rule_gets_a_suggestion() -> None:
    with pytest.raises(Failure, match='did you mean "card-payments-10m"'):
        run("explain", "card-payment-10m")


def test_without_a_stack_apply_says_how_to_start_one(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="No stack runs") as caught:
        run("apply", "--data", str(tmp_path))
    assert "watchkeeper up" in caught.value.mend
