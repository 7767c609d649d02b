"""A decision made again from what was kept, beside the one that was made."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from analytics.replay.course import InForce
from data_contracts import ids
from data_contracts.decision import Decision, FeatureValue
from rules.model import Flag

FIELDS = (
    "event_id",
    "decision_id",
    "rule_set",
    "verdict",
    "score",
    "list_hit",
    "hits",
    "shadow_hits",
)
"""The fields of a decision that rules say; features and flags stand below, one by one."""

FEATURE, FLAG = "features.", "flags."


@dataclass(frozen=True, slots=True)
class Seen:
    """Features that were computed again: values and flags by name, absent where there is none."""

    features: dict[str, FeatureValue]
    flags: dict[str, str]


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """A field of a decision: what is stored, and what the replay says."""

    field: str
    stored: Any
    replayed: Any

    @property
    def is_equal(self) -> bool:
        """Whether both say the same."""
        return bool(self.stored == self.replayed)


def replayed(stored: Decision, rules: InForce, seen: Seen | None = None) -> Decision:
    """What is decided of the same transaction under these rules.

    Without features of its own the decision is made again on those that are frozen in it.
    """
    seen = frozen(stored, rules) if seen is None else seen
    names = rules.evaluator.feature_names
    judgement = rules.evaluator.judge(
        stored.transaction, tuple(map(seen.features.get, names)), seen.flags
    )
    event = ids.event_id(stored.transaction.tenant, stored.transaction.transaction_id)
    return Decision(
        decision_id=ids.text(ids.derived_id(event, "decision")),
        event_id=ids.text(event),
        cell=stored.cell,
        position=stored.position,
        verdict=judgement.verdict,
        score=judgement.score,
        rule_set=rules.name,
        hits=judgement.hits,
        shadow_hits=judgement.shadow_hits,
        list_hit=judgement.list_hit,
        features=seen.features,
        flags=seen.flags,
        transaction=stored.transaction,
    )


def frozen(stored: Decision, rules: InForce) -> Seen:
    """The features in the decision, as far as the rules can have seen them so."""
    absent, types = rules.warming | stored.flags.keys(), rules.types
    features = {
        name: value
        for name, value in stored.features.items()
        if name not in absent and isinstance(value, types.get(name, ()))
    }
    flags = {
        name: flag
        for name, flag in stored.flags.items()
        if name in rules.hashes and flag != Flag.WARMING and name not in rules.warming
    }
    return Seen(features, flags | dict.fromkeys(rules.warming, str(Flag.WARMING)))


def is_same(stored: Decision, found: Decision) -> bool:
    """Whether nothing differs at all."""
    return stored == found


def compared(stored: Decision, found: Decision) -> list[Compared]:
    """Field by field; of features and flags every one that either side has."""
    return [
        *(_of(name, getattr(stored, name), getattr(found, name)) for name in FIELDS),
        *_each(FEATURE, stored.features, found.features),
        *_each(FLAG, stored.flags, found.flags),
    ]


def _each(prefix: str, stored: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[Compared]:
    for name in sorted(stored.keys() | found.keys()):
        yield _of(prefix + name, stored.get(name), found.get(name))


def _of(name: str, stored: Any, found: Any) -> Compared:  # noqa: ANN401  (a field of any type)
    return Compared(field=name, stored=stored, replayed=found)


def differences(stored: Decision, found: Decision) -> Sequence[Compared]:
    """The fields that differ."""
    if is_same(stored, found):
        return ()
    return [each for each in compared(stored, found) if not each.is_equal]
