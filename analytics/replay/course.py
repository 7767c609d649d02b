"""The course of a cell: its control records in order, and the rules that they put in force.

Records are taken up one after the other, as scoring did, for their order matters: an entry that was
added and removed before a rule set which has it written stands on the list.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from types import NoneType

import numpy as np
from numpy.typing import NDArray

from casework.in_force import Published
from data_contracts.control import FeatureWarmRecord
from data_contracts.decision import SCORE_MAX
from rules.evaluation import Evaluator, compile_rule_set
from rules.expressions.kinds import Kind
from rules.expressions.names import feature_type
from rules.features.fields import mistakes
from rules.model import FeatureDefinition, Policy, RuleSet

Ints = NDArray[np.int64]
NO_RULES = RuleSet(policy=Policy(review_at=SCORE_MAX + 1, decline_at=SCORE_MAX + 1))
"""What decides before the first rule set of a log: everything is approved."""
Types = tuple[type, ...]
TYPES: Mapping[Kind, Types] = {
    Kind.WHOLE: (int, float, NoneType),
    Kind.NUMBER: (int, float, NoneType),
    Kind.INSTANT: (int, float, NoneType),
    Kind.TEXT: (str, NoneType),
}
"""What a feature of each kind may be: numbers are compared as such, however they are written."""


@dataclass(frozen=True, slots=True)
class InForce:
    """The rules that decide at a position; `name` is the hash of the set, empty before the first.

    `definitions` are its features; by name, `hashes` are theirs, `types` those of their values, and
    `warming` the names of those that are null until their record.
    """

    evaluator: Evaluator
    name: str = ""
    hashes: Mapping[str, str] = field(default_factory=dict)
    types: Mapping[str, Types] = field(default_factory=dict)
    warming: frozenset[str] = frozenset()

    @property
    def definitions(self) -> Sequence[FeatureDefinition]:
        """The features that are looked at."""
        return self.evaluator.rule_set.features

    def without(self, definition: str) -> "InForce":
        """The same once a feature (by hash) is warm."""
        still = {name for name in self.warming if self.hashes[name] != definition}
        return replace(self, warming=frozenset(still))


@dataclass(slots=True)
class Course:
    """A cell's rules at ascending positions; `first` is the position of its first transaction."""

    published: Sequence[Published]
    first: int
    rules: InForce = field(default_factory=lambda: InForce(compile_rule_set(NO_RULES)))
    done: int = 0  # So many records were taken up.
    places: Ints = field(init=False)

    def __post_init__(self) -> None:
        """Note where the records stand."""
        self.places = np.array([item.position for item in self.published], np.int64)

    def at(self, position: int) -> InForce:
        """What decides there; not before a position that was asked for earlier."""
        while self.done < len(self.published) and self.published[self.done].position < position:
            self._take(self.published[self.done])
            self.done += 1
        return self.rules

    def stretches(self, positions: Ints) -> list[tuple[int, int]]:
        """Where neighbours among ascending positions begin and end that no record parts."""
        edges = np.flatnonzero(np.diff(np.searchsorted(self.places, positions))) + 1
        return list(pairwise((0, *edges.tolist(), len(positions)))) if len(positions) else []

    def _take(self, published: Published) -> None:
        change = published.change
        if isinstance(change, RuleSet):
            self._adopt(change, published.position)
        elif isinstance(change, FeatureWarmRecord):
            self.rules = self.rules.without(change.definition)
        else:
            self.rules.evaluator.take(change)

    def _adopt(self, rule_set: RuleSet, position: int) -> None:
        try:
            rules = taken_up(rule_set, self.rules)
        except (ValueError, LookupError):
            return  # Scoring refused it, too: it is among the dead letters.
        # Before the first transaction of a log there is no history to be filled with.
        self.rules = rules if self.first < position else replace(rules, warming=frozenset())


def taken_up(rule_set: RuleSet, before: InForce) -> InForce:
    """The rule set at work with what the log had changed before, or an error that says why not.

    Features that were not filled before it warm.
    """
    for definition in rule_set.features:
        found = list(mistakes(definition))
        if found:
            raise ValueError(f"feature `{definition.name}`: {'; '.join(found)}")
    hashes = {item.name: item.fingerprint() for item in rule_set.features}
    types = {item.name: TYPES[feature_type(item).kind] for item in rule_set.features}
    filled = {found for name, found in before.hashes.items() if name not in before.warming}
    return InForce(
        compile_rule_set(rule_set, before.evaluator.changes()),
        rule_set.fingerprint(),
        hashes,
        types,
        frozenset(name for name, found in hashes.items() if found not in filled),
    )


def definitions_at(
    published: Sequence[Published], positions: Iterable[int]
) -> list[FeatureDefinition]:
    """The features of all rule sets that decide at these positions, each different one once."""
    places = [item.position for item in published if isinstance(item.change, RuleSet)]
    sets = [item.change for item in published if isinstance(item.change, RuleSet)]
    used = {bisect_left(places, position) - 1 for position in positions} - {-1}
    different = {
        definition.fingerprint(): definition
        for number in used
        for definition in sets[number].features
    }
    return list(different.values())
