"""A new rule is a draft that lints, passes, and whose tests notice every mutant."""

import json
from pathlib import Path

import pytest

from rules.documents.modelines import write_schemas
from rules.linting import lint
from tests.rules.catalogues import write
from tests.watchkeeper.commands.test_rules import run
from watchkeeper.errors import Failure

TITLE = 'Many: "large" payments'


def test_a_new_rule_lints_and_its_tests_notice_every_mutant(tmp_path: Path) -> None:
    folder = write(tmp_path, {})
    write_schemas(folder)
    given = ("--typology", "velocity", "--title", TITLE, "--owner", "team: card")
    code, output = run("init", "many-large-1h", *given, "--catalogue", str(folder))
    assert code == 0
    assert "watchkeeper rules test many-large-1h --mutants" in output
    found = lint(folder)
    assert found.mistakes == ()
    document = found.catalogue.document("many-large-1h")
    assert document is not None
    assert (document.rule.title, document.rule.owner) == (TITLE, "team: card")
    _, output = run("test", "many-large-1h", "--mutants", "--json", "--catalogue", str(folder))
    counts = json.loads(output.splitlines()[-1])
    assert counts["failed"] == 0
    assert counts["mutants_killed"] == counts["mutants"] > 20


def test_a_new_typology_has_to_be_meant(tmp_path: Path) -> None:
    folder = str(write(tmp_path, {}))
    with pytest.raises(Failure, match='did you mean "velocity"'):
        run("init", "a-rule", "--typology", "velocty", "--catalogue", folder)
    run("init", "a-rule", "--typology", "velocty", "--new", "--catalogue", folder)
    assert (tmp_path / "catalogue/velocty/a-rule.yaml").is_file()


@pytest.mark.parametrize(
    ("rule_id", "message"),
    [("neighbour", "There is a rule"), ("A rule", "is no id"), ("../rule", "is no id")],
)
def test_an_id_is_new_and_fits_into_a_path(tmp_path: Path, rule_id: str, message: str) -> None:
    folder = str(write(tmp_path, {}))
    with pytest.raises(Failure, match=message):
        run("init", rule_id, "--typology", "velocity", "--catalogue", folder)
