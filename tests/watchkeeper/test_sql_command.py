import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from data_contracts import codec
from dataflows.archiving import columns
from dataflows.archiving.columns import Message
from runtime.archive import Archive, Mark
from tests.factories import a_decision, a_transaction

WATCHKEEPER = Path(sys.executable).with_name("watchkeeper")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    decisions = [
        a_decision(position=position, transaction=a_transaction(description="=1+1"))
        for position in range(3)
    ]
    rows = columns.read([Message(0, 0, codec.encode(decision)) for decision in decisions])
    archive = Archive.open(folder / "archive" / "transactions")
    archive.append(columns.table(rows), 0, Mark(2, 3))
    return folder


def sql(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [WATCHKEEPER, "sql", "--data", data, *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_without_a_question_the_views_are_told(data: Path) -> None:
    shown = sql(data)
    listed = json.loads(sql(data, "--json").stdout)

    assert shown.returncode == 0
    for view in ("transactions", "decisions", "hits", "feature_values", "duplicates", "archive"):
        assert f"{view}  " in shown.stdout
    assert listed[0]["view"] == "transactions"
    assert listed[0]["columns"]["amount_minor"] == "BIGINT"


def test_an_answer_is_a_table_json_or_csv(data: Path) -> None:
    question = "SELECT position, amount, description FROM transactions ORDER BY 1"

    table = sql(data, question).stdout.splitlines()
    rows = json.loads(sql(data, question, "--json").stdout)
    cells = list(csv.reader(io.StringIO(sql(data, question, "--csv").stdout)))

    assert [line.split() for line in table[:2]] == [
        ["position", "amount", "description"],
        ["0", "12.50", "=1+1"],
    ]
    assert rows[2] == {"position": 2, "amount": 12.5, "description": "=1+1"}
    assert cells[1] == ["0", "12.5000", "'=1+1"]


def test_a_cut_answer_says_so_beside_it(data: Path) -> None:
    cut = sql(data, "FROM transactions", "--limit", "2", "--json")

    assert len(json.loads(cut.stdout)) == 2
    assert "Only the first 2 rows are shown" in cut.stderr


def test_a_wrong_question_is_mended_without_a_traceback(data: Path) -> None:
    wrong = sql(data, "SELECT * FROM transaktions")
    write = sql(data, "DROP VIEW transactions")

    assert (wrong.returncode, write.returncode) == (1, 1)
    assert "Did you mean transactions?" in wrong.stderr
    assert "the archive is only read here" in write.stderr
    assert wrong.stdout == ""
    assert "Traceback" not in wrong.stderr + write.stderr


def test_where_there_is_no_archive_the_mend_is_told(tmp_path: Path) -> None:
    nothing = sql(tmp_path, "SELECT 1")

    assert nothing.returncode == 1
    assert "watchkeeper up" in nothing.stderr
