"""Rules over the operation: the shipped ones pass their own tests, and mistakes have a place."""

from pathlib import Path

import pytest

from rules import operations
from rules.mistakes import Mistakes
from rules.operation_rules import Kind, Measured, OperationRule, is_hit, reason
from rules.operations import FOLDER, WrongOperationRules, load, read_folder

GOOD = """\
id: volume-drop
version: 1
kind: volume-drop
title: Far fewer transactions than usual
severity: high
owner: payments-operations
window: 5m
every: 1m
usual: hour
history: 12
times: 0.4
least: 50
reason: "{count} by {entity}, {usual} are usual"
runbook: Call someone.
tests:
  - {name: gone, count: 1, usual: 480, windows: 60, hit: true}
  - {name: there, count: 400, usual: 480, windows: 60, hit: false}
"""


def mistakes_of(folder: Path, text: str) -> list[str]:
    (folder / "operations").mkdir(exist_ok=True)
    (folder / "operations" / "a.yaml").write_text(text)
    found = Mistakes()
    read_folder(folder / "operations", found)
    return [str(mistake) for mistake in found.in_order()]


def test_the_shipped_rules_have_no_mistakes_and_their_tests_hold() -> None:
    assert {rule.kind for rule in load()} == set(Kind)


def test_every_shipped_rule_stands_in_a_file_of_its_name() -> None:
    assert {path.stem for path in FOLDER.glob("*.yaml")} == {rule.id for rule in load()}


def test_a_good_file_has_no_mistakes(tmp_path: Path) -> None:
    assert mistakes_of(tmp_path, GOOD) == []


@pytest.mark.parametrize(
    ("good", "bad", "expected"),
    [
        ("kind: volume-drop", "kind: volume-dorp", 'a.yaml:3:7 [kind]: unknown kind "volume-dorp"'),
        ("severity: high", "severity: huge", 'a.yaml:5:11 [severity]: unknown severity "huge"'),
        ("times: 0.4", "times: 1.4", "a.yaml:11:8 [times]: 1.4 is out of range"),
        ("window: 5m", "window: 5", 'a.yaml:7:9 [window]: no duration: "5"'),
        ("window: 5m", "window: 15s", "a.yaml:7:9 [window]: out of range; use whole multiples"),
        ("every: 1m", "every: 2m", "a.yaml:8:8 [every]: does not divide the window"),
        ("history: 12\n", "", "a.yaml:1:1 [history]: the key is missing"),
        (
            "least: 50",
            "leats: 50",
            'a.yaml:12:1 [leats]: unknown key "leats"; did you mean "least"',
        ),
        ("{count} by", "{cuont} by", 'a.yaml:13:11 [reason]: nothing is called "cuont"; did you'),
        ("{count} by", "{count by", "a.yaml:13:9 [reason]:"),
        ("id: volume-drop", "id: Volume Drop", 'a.yaml:1:5 [id]: "Volume Drop" is no id'),
        ("count: 400", "count: 100", 'a.yaml:17:5 [tests]: "there" is a hit'),
        ("count: 1,", "count: 300,", 'a.yaml:16:5 [tests]: "gone" is a miss'),
    ],
)
def test_a_mistake_is_told_with_its_place_and_its_mend(
    tmp_path: Path, good: str, bad: str, expected: str
) -> None:
    found = mistakes_of(tmp_path, GOOD.replace(good, bad))
    assert any(expected in mistake for mistake in found), found


def test_a_rule_without_a_miss_is_refused(tmp_path: Path) -> None:
    found = mistakes_of(tmp_path, GOOD.rpartition("  - {name: there")[0])
    assert any("no test with hit: false" in mistake for mistake in found)


def test_an_id_stands_once(tmp_path: Path) -> None:
    assert mistakes_of(tmp_path, GOOD) == []
    (tmp_path / "operations" / "b.yaml").write_text(GOOD)
    with pytest.raises(WrongOperationRules, match=r"this id stands in .*a\.yaml already"):
        load(tmp_path / "operations")


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    mistakes_of(tmp_path, GOOD.replace("times: 0.4", "times: 4").replace("owner:", "onwer:"))
    with pytest.raises(WrongOperationRules, match="3 mistakes"):
        load(tmp_path / "operations")


def rule(rule_id: str) -> OperationRule:
    return next(found for found in operations.load() if found.id == rule_id)


def test_a_reason_tells_the_numbers() -> None:
    measured = Measured(whole=12, usual_whole=480.4, windows=60)
    noon = 1_772_452_800_000
    assert reason(rule("volume-drop"), "card", measured, noon) == (
        "12 transactions by card in the 5m to 12:00 UTC, where 480 are usual"
    )
    declines = Measured(whole=1_000, part=250, usual_whole=900, usual_part=9, windows=60)
    assert reason(rule("decline-ratio-surge"), "card", declines, noon) == (
        "250 of 1,000 decisions by card in the 5m to 12:00 UTC were declines (25.0%), "
        "where 1.0% is usual"
    )
    lag = Measured(whole=5_000, age_ms=75_432)
    assert reason(rule("scoring-lag"), "scoring", lag, noon) == (
        "5,000 transactions wait for their decision, the oldest for 75s"
    )


def test_a_ratio_of_nothing_is_no_hit() -> None:
    assert not is_hit(rule("decline-ratio-surge"), Measured(whole=0))
    assert not is_hit(rule("refusal-ratio-surge"), Measured(whole=0, usual_whole=0.0, windows=99))


def test_without_a_usual_a_volume_is_never_judged() -> None:
    for rule_id in ("volume-drop", "volume-surge", "channel-silence"):
        assert not is_hit(rule(rule_id), Measured(whole=0))
        assert not is_hit(rule(rule_id), Measured(whole=10**6))
