"""What remembering costs: state and time of each feature, estimated from how much comes in.

An estimate, meant for choosing between rules: each key is taken to see its even share of the
events, all of which pass `where`. Times were measured on one core for batches of 500 events.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from rules.documents.budget import Budget
from rules.features.memory import BLOCK_WORDS_LEAST, HEADER, Kind
from rules.features.naive import FORGET_AFTER_MS
from rules.features.plan import WORD_BYTES, Feature
from rules.model import LATENESS_MS_MAX, FeatureDefinition, RuleSet

DAY_MS = 86_400_000
KEYS_DEFAULT = 100_000
KEY_BYTES = 48  # The table in which keys are found, and their names by hash.
BURST = 4  # Events come in bursts: a ring has room for so many times the even share.
MEGABYTE = 1_000_000

EVENT_US = 8.0  # Decoding, deduplicating, deciding and encoding.
KEY_US = 0.3
RULE_US = 0.05
FEATURE_US = {Kind.SUMS: 0.3, Kind.HIGHEST: 0.2, Kind.LAST: 0.4, Kind.VALUES: 0.4, Kind.SET: 0.55}


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureCost:
    """What one feature costs."""

    name: str
    keys: int
    entries: int
    bytes: int
    microseconds: float


@dataclass(frozen=True, slots=True)
class Costs:
    """What a rule set costs; features of one definition are remembered once."""

    features: tuple[FeatureCost, ...]
    keys: int
    rules: int

    @property
    def bytes(self) -> int:
        """What all features take in memory."""
        return sum(cost.bytes for cost in self.features)

    @property
    def microseconds(self) -> float:
        """What an event costs on one core."""
        features = sum(cost.microseconds for cost in self.features)
        return EVENT_US + features + self.keys * KEY_US + self.rules * RULE_US


def costs_of(rule_set: RuleSet, budget: Budget) -> Costs:
    """Estimate what a rule set costs."""
    once = {item.fingerprint(): item for item in rule_set.features}
    features = tuple(cost_of(item, budget) for item in once.values())
    keys = {key for item in once.values() for key in (item.by, item.at)}
    return Costs(features, len(keys), len(rule_set.rules))


def cost_of(definition: FeatureDefinition, budget: Budget) -> FeatureCost:
    """Estimate what a feature costs."""
    feature = Feature.of(definition)
    alive_ms = definition.window_ms + FORGET_AFTER_MS
    seen = max(1, budget.events_per_day * alive_ms // DAY_MS)
    keys = min(_keys_of(definition.by, budget), seen)
    entries = _entries(feature, budget.events_per_day / keys)
    words = BLOCK_WORDS_LEAST
    while words < entries * feature.stride:
        words *= 2
    per_key = HEADER.itemsize + KEY_BYTES + words * WORD_BYTES
    return FeatureCost(
        name=definition.name,
        keys=keys,
        entries=entries,
        bytes=keys * per_key,
        microseconds=FEATURE_US[feature.kind],
    )


def _keys_of(names: Sequence[str], budget: Budget) -> int:
    together = {tuple(sorted(key)): number for key, number in budget.keys.items()}
    known = together.get(tuple(sorted(names)))
    if known is not None:
        return known
    product = 1
    for name in names:
        product *= together.get((name,), KEYS_DEFAULT)
    return product


def _entries(feature: Feature, per_day: float) -> int:
    """How many entries a key has: events, tiles that saw one, or different values."""
    definition = feature.definition
    if not feature.is_tiled:
        events = per_day * definition.window_ms / DAY_MS
        return int(min(feature.room_max, 2 + BURST * events))
    events = per_day * (definition.window_ms + LATENESS_MS_MAX) / DAY_MS
    if feature.kind is Kind.SET:
        return int(min(definition.distinct_capacity, 2 + events))
    return int(min(feature.room_max, 2 + events))
