"""A rule set out of the log is taken up whole, or not at all."""

from pathlib import Path

import msgspec
import pytest

import rules
from rules.evaluation import compile_rule_set
from rules.model import Band, ListKind, RuleSet
from rules.rule_set import load_catalogue
from rules.soundness import UnsoundRuleSet, check, faults
from tests.rules.rule_sets import AVERAGE, COUNT, a_list, a_rule, a_rule_set


def a_banded(*edges: tuple[float | None, float | None]) -> RuleSet:
    bands = tuple(Band(at_least=low, below=high, score=1) for low, high in edges)
    return a_rule_set(a_rule(bands=bands, band_of="card_count_10m"))


def with_features(*found: msgspec.Struct) -> RuleSet:
    return msgspec.structs.replace(a_rule_set(), features=found)


UNSOUND = {
    "rule rule-1 stands there 2 times": a_rule_set(a_rule(), a_rule()),
    "feature card_count_10m stands there 2 times": with_features(AVERAGE, COUNT, COUNT),
    "rule rule-1: no feature card_avg_24h": with_features(COUNT),
    'rule rule-1: unknown field or feature "payments" in: payments > 3': a_rule_set(
        a_rule(when="payments > 3")
    ),
    "rule rule-1: a reason names payments": a_rule_set(a_rule(reason="{payments}")),
    "rule rule-1: a feature's name that is not its own": a_rule_set(a_rule(features=())),
    "rule rule-1: either a score, or bands of something": a_rule_set(a_rule(score=None)),
    "rule rule-1: bands of country, which is no number": a_rule_set(
        a_rule(bands=(Band(score=1),), band_of="country")
    ),
    "rule rule-1: the bands do not cover the line": a_banded((None, 5), (6, None)),
    "rule rule-1: the bands are not in order": a_banded((None, 5), (5, 4), (4, None)),
    "list block_list: no text field: None": a_rule_set(
        lists=(msgspec.structs.replace(a_list(ListKind.BLOCK), field=None),)
    ),
    "feature card_count_10m: a window is 1 minute to 90 days long": with_features(
        AVERAGE, msgspec.structs.replace(COUNT, window_ms=1)
    ),
    'feature card_count_10m: unknown field or feature "x" in: x = 1': with_features(
        AVERAGE, msgspec.structs.replace(COUNT, where="x = 1")
    ),
}


@pytest.mark.parametrize("fault", UNSOUND)
def test_a_rule_set_that_contradicts_itself_is_refused(fault: str) -> None:
    rule_set = UNSOUND[fault]
    with pytest.raises(UnsoundRuleSet):
        compile_rule_set(rule_set)
    if "not its own" not in fault:
        assert fault in list(faults(rule_set))


@pytest.mark.parametrize(
    "edges", [[(None, None)], [(None, 5), (5, None)], [(None, 1), (1, 2), (2, None)]]
)
def test_bands_that_cover_the_line_are_sound(
    edges: list[tuple[float | None, float | None]],
) -> None:
    check(a_banded(*edges))


def test_the_shipped_rule_set_is_sound() -> None:
    rule_set, _ = load_catalogue(Path(next(iter(rules.__path__))))
    assert list(faults(rule_set)) == []
