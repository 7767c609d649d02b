"""`watchkeeper rules backtest`: what it counts, and what it tells."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import typer
from typer.testing import CliRunner

from data_contracts.decision import Verdict
from rules.rule_set import load_catalogue
from tests.watchkeeper.commands.pasts import (
    AMOUNT,
    catalogue,
    file_of,
    judgements,
    transactions,
)
from watchkeeper.commands import rules_backtest
from watchkeeper.errors import Failure

app = typer.Typer()
app.command()(rules_backtest.run)


def run(*arguments: str | Path) -> str:
    result = CliRunner(env={"COLUMNS": "200"}).invoke(app, list(map(str, arguments)))
    if result.exception is not None:
        raise result.exception
    return result.stdout


def backtest(*arguments: str | Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(*arguments, "--json").splitlines()[-1])
    return found


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return file_of(transactions(), tmp_path / "transactions.parquet")


def rules_of(found: dict[str, Any]) -> dict[str, Any]:
    return {rule["rule_id"]: rule for rule in found["rules"]}


def test_it_counts_what_the_naive_judge_says(tmp_path: Path, file: Path) -> None:
    folder = catalogue(tmp_path / "rules")
    rule_set, _ = load_catalogue(folder)
    log = transactions()
    decided = judgements(log, rule_set)
    found = backtest("--catalogue", folder, "--input", file, "--labels", "is_fraud")

    hit = [{hit.rule_id for hit in one.hits} for one in decided]
    assert {rule_id for ids in hit for rule_id in ids} == {"large", "neighbour"}
    for rule_id, rule in rules_of(found).items():
        mine = [item for item, ids in zip(log, hit, strict=True) if rule_id in ids]
        assert rule["effect"]["transactions"] == len(mine) > 0
        assert rule["effect"]["customers"] == len({item.account_id for item in mine})
        assert rule["effect"]["amounts"] == {"EUR": sum(item.amount_minor for item in mine)}
        frauds = sum(int(item.transaction_id[2:]) % 10 == 0 for item in mine)
        assert rule["effect"]["quality"]["true_positives"] == frauds
        assert rule["shared"]["count"] == sum(len(ids) > 1 for ids in hit if rule_id in ids)
    verdicts = Counter(one.verdict for one in decided)
    assert found["verdicts"] == {verdict: verdicts[verdict] for verdict in Verdict}
    (pair,) = found["overlaps"]
    assert pair["both"] == sum(len(ids) == 2 for ids in hit)
    assert found["rule_set"] == rule_set.fingerprint()


def test_suppression_leaves_fewer_alerts_than_are_flagged(tmp_path: Path, file: Path) -> None:
    found = backtest("--catalogue", catalogue(tmp_path / "rules"), "--input", file)
    assert found["quiet"] > 0
    assert 0 < found["flagged"]["alerts"] < found["flagged"]["transactions"]


def test_a_draft_counts_as_if_live_where_that_is_asked(tmp_path: Path, file: Path) -> None:
    folder = catalogue(tmp_path / "rules", amount=AMOUNT.replace("live", "draft"))
    usual = backtest("--catalogue", folder, "--input", file)
    named = backtest("--catalogue", folder, "--input", file, "--rules", "large,neighbour")
    as_live = backtest("--catalogue", folder, "--input", file, "--as-live")
    assert list(rules_of(usual)) == ["neighbour"]
    draft, live = rules_of(named)["large"], rules_of(as_live)["large"]
    assert draft["shadow"] == draft["effect"]["transactions"] == live["effect"]["transactions"]
    assert (draft["effect"]["alerts"], live["shadow"]) == (0, 0)
    assert live["effect"]["alerts"] > 0


def test_a_period_is_cut_out_by_days(tmp_path: Path, file: Path) -> None:
    folder = catalogue(tmp_path / "rules")
    whole = backtest("--catalogue", folder, "--input", file)
    second = backtest(
        "--catalogue", folder, "--input", file, "--from", "2026-03-03", "--to", "2026-03-03"
    )
    (day,) = second["days"]
    assert day in whole["days"]
    assert second["transactions"] == day["transactions"]


def test_it_tells_a_person_and_writes_markdown(tmp_path: Path, file: Path) -> None:
    report = tmp_path / "report.md"
    output = run(
        "--catalogue",
        catalogue(tmp_path / "rules"),
        "--input",
        file,
        "--labels",
        "is_fraud",
        "--report",
        report,
    )
    for text in ("alerts per day", "Rule by rule", "precision", "Rules that hit together", "█"):
        assert text in output
        assert text in report.read_text()


def test_labels_may_stand_in_a_file_of_their_own(tmp_path: Path, file: Path) -> None:
    planted = tmp_path / "labels.parquet"
    pl.DataFrame({"transaction_id": ["t-0", "t-1"], "campaign": ["a", "a"]}).write_parquet(planted)
    folder = catalogue(tmp_path / "rules")
    found = backtest("--catalogue", folder, "--input", file, "--labels", planted)
    assert (found["labelled"], found["frauds"]) == (150, 2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--labels", "is_frod"), "neither a file nor a column"),
        (("--labels", "country"), '"country" is of String'),
        (("--from", "2031-01-01"), "no transaction in the period"),
        (("--rules", "lrge"), 'did you mean "large"'),
        (("--report", "/nowhere/report.md"), "cannot be written"),
    ],
)
def test_what_cannot_be_done_is_said(
    arguments: tuple[str, ...], message: str, tmp_path: Path, file: Path
) -> None:
    with pytest.raises(Failure, match=message):
        run("--catalogue", catalogue(tmp_path / "rules"), "--input", file, *arguments)


def test_without_input_the_archive_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="no transaction in the archive") as caught:
        run("--catalogue", catalogue(tmp_path / "rules"), "--data", tmp_path)
    assert "--input" in caught.value.mend
