"""`rules diff` compares folders and canonical forms."""

import json
from pathlib import Path

import pytest

from tests.rules.catalogues import NEIGHBOUR, read, write
from tests.watchkeeper.commands.test_rules import run
from watchkeeper.errors import Failure

RULE = "catalogue/card-testing/neighbour.yaml"


def test_two_folders_are_compared_in_words(tmp_path: Path) -> None:
    before = write(tmp_path / "before", {})
    changed = NEIGHBOUR.replace("score: 10", "score: 20").replace("window: 1h", "window: 30m")
    after = write(
        tmp_path / "after", {RULE: changed, "policy.yaml": "review_at: 40\ndecline_at: 90\n"}
    )
    code, output = run("diff", str(before), str(after))
    assert code == 0
    assert "score: 10 -> 20" in output
    assert "window: 1h -> 30m" in output
    assert "review_at: 50 -> 40" in output
    assert "What these rules say is new or other: neighbour." in output


def test_a_canonical_form_is_compared_with_its_folder(tmp_path: Path) -> None:
    folder = write(tmp_path / "rules", {})
    canonical = tmp_path / "set.json"
    canonical.write_bytes(read(tmp_path / "rules", {}).rule_set().canonical())
    assert run("diff", str(canonical), str(folder))[1] == "Both are the same rule set.\n"
    found = json.loads(run("diff", str(canonical), str(folder), "--json")[1])
    assert found["before"] == found["after"]
    assert found["changes"] == []


def test_what_is_no_rule_set_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_text("{}")
    for source in (str(other), str(tmp_path / "nowhere")):
        with pytest.raises(Failure) as caught:
            run("diff", source)
        assert "a catalogue's folder" in caught.value.mend
