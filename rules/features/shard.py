"""A shard: all features for its share of the keys."""

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from rules.features.blobs import ForeignSnapshot, packed, unpacked
from rules.features.columns import Columns
from rules.features.groups import Group
from rules.features.hashing import Words
from rules.features.memory import Answers, Code, Work
from rules.features.plan import Key, Plan
from rules.model import FeatureDefinition

FORMAT = 4
Bools = NDArray[np.bool_]
Snapshot = dict[str, Any]  # Plain values: no class of ours gets into the recovery store.


class FeatureShard:
    """Observes batches in the order of the log and answers for its share of the keys."""

    def __init__(self, plan: Plan, shard: int = 0, shards: int = 1) -> None:
        """Begin with nothing remembered."""
        self.shard, self.shards = shard, shards
        self.groups: dict[Key, Group] = {}
        self.adopt(plan)

    def adopt(self, plan: Plan) -> None:
        """Go on with other definitions: what was remembered for the same ones is kept."""
        self.plan, before = plan, self.groups
        self.groups = {by: before.get(by) or Group(plan, by) for by in plan.groups}
        for by, group in self.groups.items():
            group.adopt(plan, by)

    def observe(self, columns: Columns) -> Answers:
        """Answers for each feature of the plan; `FOREIGN` where another shard has the key."""
        shape = len(self.plan.features), len(columns)
        answers = Answers(
            np.zeros(shape, np.uint8), np.zeros((self.plan.words[-1], len(columns)), np.int64)
        )
        ticks = columns.occurred // np.array(self.plan.units, np.int64)[:, np.newaxis]
        for by, group in self.groups.items():
            group.make_room(len(columns), int(columns.clock[0]))
            rows = group.keys.place(self._own(columns.keys[by]), columns.clock)
            found = [
                rows if at == by else group.keys.find(self._own(columns.keys[at]))
                for at in group.ats
            ]
            work = Work(
                columns.occurred,
                columns.clock,
                rows,
                np.stack(found),
                columns.masks,
                columns.cells,
                ticks,
            )
            group.observe(work, answers)
        if self.shards > 1:
            for number, feature in enumerate(self.plan.features):
                is_foreign = self._is_foreign(columns.keys[feature.definition.at])
                answers.codes[number, is_foreign] = Code.FOREIGN
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
        return sum(group.state_bytes for group in self.groups.values())

    def snapshot(self) -> Snapshot:
        """Everything remembered, as compressed plain values, under the definitions it is of."""
        return {
            "format": FORMAT,
            "shard": (self.shard, self.shards),
            "definitions": msgspec.json.encode(self.plan.definitions),
            "missing": tuple(sorted(self.plan.missing)),
            "groups": {by: packed(group.saved()) for by, group in self.groups.items()},
        }


def restored(snapshot: Snapshot) -> FeatureShard:
    """The shard as it was; refuses what another version wrote."""
    if snapshot["format"] != FORMAT:
        raise ForeignSnapshot("features", snapshot["format"], FORMAT)
    definitions = msgspec.json.decode(snapshot["definitions"], type=list[FeatureDefinition])
    found = FeatureShard(Plan.of(definitions, snapshot["missing"]), *snapshot["shard"])
    for by, group in found.groups.items():
        group.restore(unpacked(snapshot["groups"][by]))
    return found
