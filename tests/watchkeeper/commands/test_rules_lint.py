"""`rules lint --costs`, `lock` and `schema`."""

import json
from pathlib import Path

import pytest

from rules.documents.reference import reference
from tests.rules.catalogues import NEIGHBOUR, write
from tests.rules.test_linting import BUDGET
from tests.watchkeeper.commands.test_rules import run
from watchkeeper.errors import Failure

RULE = "catalogue/card-testing/neighbour.yaml"


def test_costs_are_shown_against_the_budget(tmp_path: Path) -> None:
    folder = str(write(tmp_path, {"budget.yaml": BUDGET}))
    code, output = run("lint", "--costs", "--catalogue", folder)
    assert code == 0
    assert "card_payment_count_30d" in output
    assert "budget.yaml allows" in output
    costs = json.loads(run("lint", "--costs", "--json", "--catalogue", folder)[1])
    assert costs["bytes"] == sum(item["bytes"] for item in costs["features"]) > 0
    assert costs["microseconds"] > sum(item["microseconds"] for item in costs["features"])


def test_the_shipped_rules_stay_within_their_budget() -> None:
    code, output = run("lint", "--costs")
    assert code == 0
    assert "budget.yaml allows" in output


def test_a_lock_is_written_and_says_what_is_new(tmp_path: Path) -> None:
    folder = write(tmp_path, {})
    code, output = run("lock", "--catalogue", str(folder))
    assert code == 0
    assert "neighbour version 1" in output
    assert "0 rules new or changed" in run("lock", "--catalogue", str(folder))[1]
    changed = NEIGHBOUR.replace("score: 10", "score: 20")
    write(tmp_path, {RULE: changed})
    with pytest.raises(Failure, match="write version: 2"):
        run("lock", "--catalogue", str(folder))
    write(tmp_path, {RULE: changed.replace("version: 1", "version: 2")})
    assert "neighbour version 2" in run("lock", "--catalogue", str(folder))[1]


def test_schemas_and_reference_are_written(tmp_path: Path) -> None:
    folder, page = write(tmp_path / "rules", {}), tmp_path / "reference.md"
    code, _ = run("schema", "--reference", str(page), "--catalogue", str(folder))
    assert code == 0
    assert page.read_text() == reference()
    assert (folder / "schema" / "rule.schema.json").is_file()
    assert run("lint", "--catalogue", str(folder))[1].count("warning") == 0
