"""Mutants: which slips are tried, which say the same, and that tests notice those they should."""

from dataclasses import replace
from pathlib import Path

import pytest

from rules.documents.catalogue import Catalogue
from rules.proof.checks import (
    disagreements,
    generated_checks,
    subject_of,
    written_checks,
)
from rules.proof.mutants import mutants_of
from rules.proof.mutation import Mutation, mutate
from rules.proof.same import why_same
from rules.proof.subject import Subject
from tests.rules.catalogues import NEIGHBOUR, read

RULE = "catalogue/card-testing/neighbour.yaml"


def a_subject(root: Path, *changes: tuple[str, str]) -> Subject:
    catalogue = a_catalogue(root, *changes)
    return subject_of(catalogue.documents[0], catalogue)


def a_catalogue(root: Path, *changes: tuple[str, str]) -> Catalogue:
    text = NEIGHBOUR
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    catalogue = read(root, {RULE: text})
    assert not [item for item in catalogue.mistakes if "no rule uses" not in item.message]
    return catalogue


def whats(subject: Subject) -> str:
    return "\n".join(mutant.what for mutant in mutants_of(subject).different)


@pytest.mark.parametrize(
    "what",
    [
        "`card_payment_count_1h >= 3` became `card_payment_count_1h > 3`",
        "`card_payment_count_1h >= 3` became `card_payment_count_1h >= 2`",
        "`card_payment_count_1h >= 3` became `card_payment_count_1h >= 6`",
        "`card_payment_count_1h >= 3` was taken out",
        "`country IN high_risk_countries` became `country NOT IN high_risk_countries`",
        "`score: 10` became `9`",
        "card_payment_count_1h: `window: 1h` became `3599999ms`",
        "card_payment_count_1h: `window: 1h` became `2h`",
        "card_payment_count_1h: `aggregate: count` became `sum`",
        "card_payment_count_1h: `by: card_token` became `by: account_id`",
        "card_payment_count_1h: `current: include` became `exclude`",
        "card_payment_count_30d: `tile: 12h` became `24h`",
        "card_payment_count_30d: `where` was taken out",
        "card_payment_count_30d: `where`: `type = 'card_payment'` became `type <> 'card_payment'`",
    ],
)
def test_a_slip_of_every_kind_is_tried(tmp_path: Path, what: str) -> None:
    assert what in whats(a_subject(tmp_path))


def test_the_edges_and_scores_of_bands_are_tried(tmp_path: Path) -> None:
    bands = "band_of: amount_minor\nbands: [{below: 500, score: 5}, {at_least: 500, score: 9}]"
    found = whats(a_subject(tmp_path, ("score: 10", bands)))
    assert "the edge 500 between bands 1 and 2 became 501" in found
    assert "the score 9 of band 2 became 10" in found


def test_what_says_the_same_is_no_mutant(tmp_path: Path) -> None:
    found = mutants_of(a_subject(tmp_path, ("card_payment_count_1h >= 3", "amount_minor = 1")))
    same = [mutant.what for mutant, _ in found.same]
    assert "when: `amount_minor = 1` became `amount_minor <= 1`" in same
    keys = [
        (mutant.subject.when, mutant.subject.rule, mutant.subject.features)
        for mutant in found.different
    ]
    assert len(set(map(str, keys))) == len(keys)


def test_a_condition_that_follows_from_others_is_recognised(tmp_path: Path) -> None:
    rule = a_subject(
        tmp_path, ("card_payment_count_1h >= 3", "amount_minor > 5 AND amount_minor > 3")
    )
    without = [m.subject for m in mutants_of(rule).different if "> 3` was taken out" in m.what]
    assert why_same(rule, without[0]) == "both conditions are true of the same transactions"
    other = [m.subject for m in mutants_of(rule).different if "> 5` was taken out" in m.what]
    assert why_same(rule, other[0]) is None


def test_whether_the_judged_event_counts_is_the_same_where_it_never_does(tmp_path: Path) -> None:
    rule = a_subject(
        tmp_path,
        ("    window: 1h\n", "    window: 1h\n    where: type = 'transfer'\n"),
        ("  card_payment_count_1h >= 3", "  type = 'card_payment' AND card_payment_count_1h >= 3"),
        ("repeat: 2, every: 1m", "repeat: 3, every: 1m, type: transfer, card_token: card-1"),
        ("card_payment_count_30d >= 3", "card_payment_count_30d >= 1"),
    )
    flipped = [
        mutant.subject
        for mutant in mutants_of(rule).different
        if mutant.what == "card_payment_count_1h: `current: include` became `exclude`"
    ]
    assert why_same(rule, flipped[0]) is not None


def proof(root: Path, *changes: tuple[str, str]) -> Mutation:
    catalogue = a_catalogue(root, *changes)
    document = catalogue.documents[0]
    rule, written = subject_of(document, catalogue), written_checks(document)
    return mutate(rule, written, generated_checks(rule, written))


def test_tests_at_the_edges_notice_most_of_what_the_file_does_not(tmp_path: Path) -> None:
    found = proof(tmp_path)
    assert found.noticed < found.killed
    assert found.killed >= 0.8 * found.mutants
    assert len(found.survivors) == found.mutants - found.killed


def test_a_named_score_is_noticed_by_the_file_itself(tmp_path: Path) -> None:
    without, named = (
        proof(tmp_path / "a"),
        proof(tmp_path / "b", ("hit: true", "hit: true\n    score: 10")),
    )
    assert named.noticed == without.noticed + 2


def test_a_survivor_says_what_test_is_missing(tmp_path: Path) -> None:
    found = proof(
        tmp_path, ("country IN high_risk_countries", "(country = 'KP' OR country = 'IR')")
    )
    assert all(mutant.killer.startswith(("a test", "a history")) for mutant in found.survivors)


def test_both_forms_agree_at_every_edge(tmp_path: Path) -> None:
    catalogue = a_catalogue(tmp_path)
    document = catalogue.documents[0]
    rule, written = subject_of(document, catalogue), written_checks(document)
    generated = generated_checks(rule, written)
    assert len(generated) > 50
    assert disagreements(rule, generated) == []


def test_where_the_stream_is_wrong_a_test_at_the_edge_says_so(tmp_path: Path) -> None:
    catalogue = a_catalogue(tmp_path)
    document = catalogue.documents[0]
    rule, written = subject_of(document, catalogue), written_checks(document)
    generated = generated_checks(rule, written)
    shorter = next(
        mutant.subject for mutant in mutants_of(rule).different if "`3599999ms`" in mutant.what
    )
    known = [replace(check, trial=check.trial) for check in generated]
    for check in known:
        for wrong, right in zip(shorter.features, rule.features, strict=True):
            check.trial.answers[wrong] = check.trial.answer(right)
    found = disagreements(shorter, known)
    assert any("card_payment_count_1h is 2 instead of 3" in item.differences for item in found)
    assert any("scores nothing instead of 10" in item.differences for item in found)
