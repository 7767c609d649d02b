"""The grids on which thresholds were chosen keep to the rules as they are."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from benchmarks.threshold_sweeps import SWEEPS, Sweep, rule_set_of, variants
from rules.model import RuleSet
from rules.rule_set import load_catalogue
from rules.soundness import faults

CATALOGUE = Path(__file__).resolve().parents[2] / "rules"


@pytest.fixture(scope="module")
def shipped() -> RuleSet:
    return load_catalogue(CATALOGUE)[0]


@pytest.mark.parametrize("past", SWEEPS)
def test_every_grid_holds_the_shipped_number_and_makes_sound_rules(
    shipped: RuleSet, past: str
) -> None:
    found = variants(shipped, SWEEPS[past])
    assert len(found) == sum(len(sweep.grid) for sweep in SWEEPS[past])
    assert list(faults(rule_set_of(shipped, found))) == []
    conditions = {(variant.rule.id, variant.rule.when) for variant in found}
    originals = {(rule.id, rule.when) for rule in shipped.rules}
    sweeps = [sweep for sweep in SWEEPS[past] if not sweep.is_window]
    assert len(originals & conditions) == len({sweep.rule_id for sweep in sweeps})


def test_a_grid_without_the_shipped_number_is_refused(shipped: RuleSet) -> None:
    sweep = Sweep("large-transfer", "amount_minor >= {}", ("150", "15000000"))
    with pytest.raises(ValueError, match="large-transfer: what is shipped is not in the grid"):
        variants(shipped, [sweep])


def test_a_number_within_a_longer_one_is_left_alone(shipped: RuleSet) -> None:
    sweep = Sweep("large-transfer", "amount_minor >= {}", ("150000", "1500000"))
    smaller, same = variants(shipped, [sweep])
    assert (smaller.is_shipped, same.is_shipped) == (False, True)
    assert smaller.rule.when == same.rule.when.replace("1500000", "150000")


def test_another_window_is_another_feature(shipped: RuleSet) -> None:
    sweep = Sweep("many-refunds-7d", "account_refund_count_7d", ("7d", "14d"))
    week, fortnight = variants(shipped, [sweep])
    assert [variant.is_shipped for variant in (week, fortnight)] == [True, False]
    (before,), (after,) = week.features, fortnight.features
    assert after.window_ms == 2 * before.window_ms
    assert replace(after, name="", window_ms=0, tile_ms=0) == replace(
        before, name="", window_ms=0, tile_ms=0
    )
