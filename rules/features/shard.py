"""A shard: all features for its share of the keys."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from rules.features import keys, remembered
from rules.features.blobs import ForeignSnapshot, packed, unpacked
from rules.features.columns import Columns, Key
from rules.features.hashing import Words
from rules.features.keys import Keys
from rules.features.memory import Answers, Code, Ints, Work
from rules.features.plan import Feature, Plan
from rules.features.remembered import Bools, Remembered, adds, is_counted
from rules.model import FeatureDefinition

FORMAT = 1
Snapshot = dict[str, Any]  # Plain values: no class of ours gets into the recovery store.


@dataclass(slots=True)
class _Group:
    """The features that remember under the same key share its rows."""

    keys: Keys
    members: dict[str, Remembered]  # By fingerprint.

    def make_room(self, more: int, clock: int) -> None:
        """Have room for so many new keys: by forgetting, else by growing."""
        if self.keys.has_room_for(more):
            return
        longest = max(member.feature.shape.forget_after for member in self.members.values())
        forgotten = self.keys.forget(clock - longest)
        for member in self.members.values():
            member.forget(forgotten)
        if 4 * (self.keys.living + more) > 3 * self.keys.room:
            self.keys.grow(more)
        for member in self.members.values():
            member.make_rows(self.keys.room)


class FeatureShard:
    """Observes batches in the order of the log and answers for its share of the keys."""

    def __init__(self, plan: Plan, shard: int = 0, shards: int = 1) -> None:
        """Begin with nothing remembered."""
        self.plan = plan
        self.shard = shard
        self.shards = shards
        self.groups: dict[Key, _Group] = {}
        self.adopt(plan)

    def adopt(self, plan: Plan) -> None:
        """Go on with other definitions: what was remembered for the same ones is kept."""
        before, self.plan, self.groups = self.groups, plan, {}
        for feature in plan.features:
            by = feature.definition.by
            old = before.get(by, _Group(Keys(), {}))
            group = self.groups.setdefault(by, _Group(old.keys, {}))
            group.members[feature.fingerprint] = old.members.get(
                feature.fingerprint, Remembered(feature, old.keys.room)
            )

    def observe(self, columns: Columns) -> list[Answers]:
        """Answers for each feature of the plan; `FOREIGN` where another shard has the key."""
        by = {name: self._place(name, columns) for name in self.groups}
        at = {pair: self._find(pair, columns, by) for pair in _pairs(self.plan.features)}
        return [self._observe(feature, columns, by, at) for feature in self.plan.features]

    def _place(self, by: Key, columns: Columns) -> Ints:
        group = self.groups[by]
        group.make_room(len(columns), int(columns.clock[-1]))
        return group.keys.place(self._own(columns.keys[by]), columns.clock)

    def _find(self, pair: tuple[Key, Key], columns: Columns, rows_by: dict[Key, Ints]) -> Ints:
        by, at = pair
        if by == at:
            return rows_by[by]
        return self.groups[by].keys.find(self._own(columns.keys[at]))

    def _observe(
        self,
        feature: Feature,
        columns: Columns,
        rows_by: dict[Key, Ints],
        rows_at: dict[tuple[Key, Key], Ints],
    ) -> Answers:
        definition = feature.definition
        work = Work(
            occurred=columns.occurred,
            clock=columns.clock,
            rows_by=rows_by[definition.by],
            rows_at=rows_at[definition.by, definition.at],
            is_counted=is_counted(self.plan, feature, columns),
            adds=adds(feature, columns),
        )
        answers = self.groups[definition.by].members[feature.fingerprint].observe(work)
        if self.shards > 1:
            answers.codes[self._is_foreign(columns.keys[definition.at])] = Code.FOREIGN
        return answers

    def _is_foreign(self, hashes: Words) -> Bools:
        foreign: Bools = hashes[:, 1] % np.uint64(self.shards) != self.shard
        return foreign

    def _own(self, hashes: Words) -> Words:
        """The hashes of this shard's keys; zero, as null, where another has it."""
        if self.shards == 1:
            return hashes
        return np.where(self._is_foreign(hashes)[:, np.newaxis], np.uint64(0), hashes)

    @property
    def state_bytes(self) -> int:
        """How much memory the keys and features take."""
        members = [member for group in self.groups.values() for member in group.members.values()]
        return sum(member.state_bytes for member in members) + sum(
            group.keys.state_bytes for group in self.groups.values()
        )

    def snapshot(self) -> Snapshot:
        """Everything remembered, as compressed plain values under the hash of each definition."""
        return {
            "format": FORMAT,
            "shard": (self.shard, self.shards),
            "definitions": msgspec.json.encode(self.plan.definitions),
            "keys": {by: packed(group.keys.saved()) for by, group in self.groups.items()},
            "features": {
                fingerprint: packed(member.saved(group.keys.rows))
                for group in self.groups.values()
                for fingerprint, member in group.members.items()
            },
        }


def restored(snapshot: Snapshot) -> FeatureShard:
    """The shard as it was; refuses what another version wrote."""
    if snapshot["format"] != FORMAT:
        raise ForeignSnapshot(f"features of format {snapshot['format']}; this code reads {FORMAT}")
    definitions = msgspec.json.decode(snapshot["definitions"], type=list[FeatureDefinition])
    plan = Plan.of(definitions)
    found = FeatureShard(plan, *snapshot["shard"])
    for by, group in found.groups.items():
        group.keys = keys.restored(unpacked(snapshot["keys"][by]))
        for fingerprint, member in group.members.items():
            arrays = unpacked(snapshot["features"][fingerprint])
            group.members[fingerprint] = remembered.restored(
                member.feature, group.keys.room, arrays
            )
    return found


def _pairs(features: Iterable[Feature]) -> set[tuple[Key, Key]]:
    return {(feature.definition.by, feature.definition.at) for feature in features}
