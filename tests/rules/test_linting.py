"""Lint beyond the single file: the lock, the budget, and what editors are told."""

from pathlib import Path

import pytest

from rules.documents.locking import lock_path, lock_text
from rules.documents.modelines import MARK, write_schemas
from rules.linting import lint
from tests.rules.catalogues import FEATURES, NEIGHBOUR, read, write

RULE = "catalogue/card-testing/neighbour.yaml"
BUDGET = """\
events_per_day: 1000000
keys: {card_token: 100000}
state_megabytes: 1000
feature_megabytes: 500
microseconds_per_event: 40
window_max: 30d
"""


def said(root: Path, files: dict[str, str]) -> list[str]:
    """What lint says of a catalogue beside that editors are told no schema."""
    mistakes = lint(write(root, files)).mistakes
    lines = [str(item).replace(f"{root}/", "") for item in mistakes]
    return [line for line in lines if "editors are told no schema" not in line]


def locked(root: Path, files: dict[str, str]) -> None:
    catalogue = read(root, files)
    assert not catalogue.mistakes
    lock_path(root).write_text(lock_text(catalogue))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("score: 10", "score: 11"),
        ("card_payment_count_1h >= 3", "card_payment_count_1h >= 4"),
        ("window: 1h", "window: 30m"),
        ('reason: "{card_payment_count_1h} payments"', "reason: many payments"),
    ],
)
def test_a_rule_that_changes_needs_a_new_version(tmp_path: Path, before: str, after: str) -> None:
    locked(tmp_path, {})
    changed = NEIGHBOUR.replace(before, after)
    message = "the rule says something else than version 1 in catalogue.lock; write version: 2"
    assert said(tmp_path, {RULE: changed}) == [f"{RULE}:2:10 [version]: {message}"]
    assert said(tmp_path, {RULE: changed.replace("version: 1", "version: 2")}) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("status: live", "status: shadow"),
        ("owner: card-fraud", "owner: payments"),
        ("runbook: Look at it.", "runbook: Call the customer."),
        ("  card_payment_count_1h >= 3 AND", "  card_payment_count_1h >= 3\n  AND"),
    ],
)
def test_who_owns_it_and_how_it_is_written_need_none(
    tmp_path: Path, before: str, after: str
) -> None:
    locked(tmp_path, {})
    assert said(tmp_path, {RULE: NEIGHBOUR.replace(before, after)}) == []


def test_a_shared_feature_that_changes_makes_its_rules_rise(tmp_path: Path) -> None:
    locked(tmp_path, {})
    (line,) = said(tmp_path, {"features.yaml": FEATURES.replace("30d\n", "60d\n")})
    assert line.startswith(f"{RULE}:2:10 [version]: the rule says something else")


def test_a_version_does_not_go_back(tmp_path: Path) -> None:
    locked(tmp_path, {RULE: NEIGHBOUR.replace("version: 1", "version: 3")})
    message = "version 2 is older than 3 in catalogue.lock; write version: 4"
    older = NEIGHBOUR.replace("version: 1", "version: 2")
    assert said(tmp_path, {RULE: older}) == [f"{RULE}:2:10 [version]: {message}"]


def test_a_rule_that_is_gone_is_a_warning(tmp_path: Path) -> None:
    locked(tmp_path, {})
    path = lock_path(tmp_path)
    path.write_text(path.read_text() + "gone-rule 1 0123456789abcdef\n")
    (line,) = said(tmp_path, {})
    assert line.startswith(
        "catalogue.lock:3:1 [gone-rule]: warning: the catalogue has no such rule"
    )


def test_a_window_beyond_the_budget_is_a_mistake(tmp_path: Path) -> None:
    files = {"budget.yaml": BUDGET.replace("30d", "10d")}
    message = (
        "a window of 30d is longer than the 10d that budget.yaml allows; "
        "write window: 10d, or raise window_max"
    )
    assert said(tmp_path, files) == [
        f"features.yaml:2:3 [features.card_payment_count_30d]: {message}"
    ]


def test_a_feature_that_takes_more_than_the_budget_is_a_mistake(tmp_path: Path) -> None:
    files = {"budget.yaml": BUDGET.replace("feature_megabytes: 500", "feature_megabytes: 20")}
    (line,) = said(tmp_path, files)
    assert line.startswith("features.yaml:2:3 [features.card_payment_count_30d]: 100,000 keys of ")
    assert " of 20 MB; shorten the window" in line


def test_without_a_budget_nothing_is_too_much(tmp_path: Path) -> None:
    assert said(tmp_path, {"features.yaml": FEATURES.replace("30d\n", "90d\n")}) == []


def test_files_that_name_no_schema_are_warned_of_until_they_do(tmp_path: Path) -> None:
    root = write(tmp_path, {"budget.yaml": BUDGET})
    warnings = [item for item in lint(root).mistakes if item.message.startswith("editors")]
    assert len(warnings) == 5
    assert lint(root).errors == []
    changed = write_schemas(root)
    assert len(changed) == 10
    assert lint(root).mistakes == ()
    assert (root / RULE).read_text().startswith(f"{MARK}../../schema/rule.schema.json\n")
    assert write_schemas(root) == []
