"""The shipped catalogue: no mistake, every test of every rule, and what the project promises."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import msgspec
import pytest

import rules
from rules.documents.cases import Case
from rules.documents.catalogue import Catalogue, read_catalogue
from rules.model import Aggregate, Rule, Status
from rules.testing import CaseResult, run_rule

FOLDER = Path(next(iter(rules.__path__)))


@cache
def shipped() -> Catalogue:
    return read_catalogue(FOLDER)


@cache
def results(rule_id: str) -> dict[str, CaseResult]:
    document = shipped().document(rule_id)
    assert document is not None
    return {result.case.name: result for result in run_rule(document, shipped())}


CASES = [(item.rule.id, case.name) for item in shipped().documents for case in item.cases]
RULE_IDS = [item.rule.id for item in shipped().documents]


@pytest.mark.parametrize(("rule_id", "case"), CASES)
def test_a_rule_does_as_its_file_says(rule_id: str, case: str) -> None:
    assert results(rule_id)[case].differences == ()


@pytest.mark.parametrize("rule_id", RULE_IDS)
def test_a_test_with_the_opposite_expectation_fails(rule_id: str) -> None:
    document = shipped().document(rule_id)
    assert document is not None
    opposite = tuple(_opposite(case) for case in document.cases)
    changed = replace(document, cases=opposite)
    assert all(not result.is_as_expected for result in run_rule(changed, shipped()))


def _opposite(case: Case) -> Case:
    return replace(case, is_hit=not case.is_hit, score=None, reason=None)


def test_the_shipped_catalogue_has_no_mistake() -> None:
    assert [str(mistake) for mistake in shipped().mistakes] == []


def test_the_catalogue_is_as_large_as_promised() -> None:
    typologies = {item.rule.typology for item in shipped().documents}
    features = shipped().rule_set().features
    assert len(RULE_IDS) >= 42
    assert len(typologies) >= 16
    assert len(features) >= 20
    assert sum(feature.aggregate is Aggregate.DISTINCT for feature in features) >= 4
    assert {feature.aggregate for feature in features} == set(Aggregate)


def test_the_features_look_at_every_kind_of_key() -> None:
    keys = {name for feature in shipped().rule_set().features for name in feature.by}
    expected = {"account_id", "card_token", "device_id", "merchant_id", "counterparty_id", "ip"}
    assert expected <= keys


@pytest.mark.parametrize("rule_id", RULE_IDS)
def test_a_shipped_rule_names_a_public_reference(rule_id: str) -> None:
    document = shipped().document(rule_id)
    assert document is not None
    assert document.rule.references


def _row(rule: Rule) -> tuple[str, ...]:
    """What the table of the catalogue says of a rule, before the reason for its threshold."""
    scores = [rule.score] if rule.score is not None else sorted({each.score for each in rule.bands})
    is_canary = rule.status is Status.CANARY
    return (
        f"[`{rule.id}`]({rule.typology}/{rule.id}.yaml)",
        rule.title,
        " to ".join(str(score) for score in scores),
        f"canary, {rule.canary_percent} %" if is_canary else str(rule.status),
    )


def test_the_table_says_of_every_rule_what_its_file_says_and_why_its_threshold() -> None:
    text = (FOLDER / "catalogue" / "README.md").read_text()
    cells = [line.strip("| ").split(" | ") for line in text.splitlines() if line[:3] == "| ["]
    found = {tuple(row[:-1]) for row in cells}
    assert found == {_row(item.rule) for item in shipped().documents}
    sources = ("cards: ", "transfers: ", "month: ", "guidance: ", "judgement: ")
    assert [row for row in cells if not row[-1].startswith(sources)] == []
    typologies = {item.rule.typology for item in shipped().documents}
    assert f"{len(RULE_IDS)} rules over {len(typologies)} typologies" in text


def test_drafts_and_retired_rules_are_not_published() -> None:
    catalogue = shipped()
    changed = tuple(
        replace(item, rule=msgspec.structs.replace(item.rule, status=status))
        for item, status in zip(catalogue.documents, [Status.DRAFT, Status.RETIRED], strict=False)
    )
    rest = Catalogue(
        documents=changed,
        features=catalogue.features,
        lists=catalogue.lists,
        policy=catalogue.policy,
        mistakes=(),
    )
    assert rest.rule_set().rules == ()
    assert rest.rule_set().features == ()
