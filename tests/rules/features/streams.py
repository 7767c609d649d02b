"""The streaming form, driven as the flow drives it."""

import pickle
from collections.abc import Sequence

from data_contracts.transaction import Transaction
from rules.features import answers
from rules.features.columns import columns_of
from rules.features.naive import Answer
from rules.features.plan import Plan
from rules.features.shard import FeatureShard, restored
from rules.model import FeatureDefinition
from tests.rules.features.histories import masks_of


class Stream:
    """Some shards that observe the same batches."""

    def __init__(self, features: Sequence[FeatureDefinition], shards: int) -> None:
        self.plan = Plan.of(features)
        self.masks = masks_of(self.plan)
        self.shards = [FeatureShard(self.plan, number, shards) for number in range(shards)]
        self.clock = 0

    def observe(self, batch: Sequence[Transaction]) -> list[dict[str, Answer]]:
        columns = columns_of(self.plan, batch, self.clock, self.masks)
        self.clock = int(columns.clock[-1])
        parts = [shard.observe(columns) for shard in self.shards]
        found: list[dict[str, Answer]] = [{} for _ in batch]
        merged = answers.merged(self.plan, parts)
        flags, values = answers.flags_of(merged), answers.columns_of(self.plan, merged)
        for definition, place in zip(self.plan.definitions, self.plan.places, strict=True):
            for event, value in enumerate(values[place]):
                found[event][definition.name] = value, flags.get(place, {}).get(event)
        return found

    def adopt(self, features: Sequence[FeatureDefinition]) -> None:
        self.plan = Plan.of(features)
        self.masks = masks_of(self.plan)
        for shard in self.shards:
            shard.adopt(self.plan)

    def restart(self) -> None:
        saved = [pickle.dumps(shard.snapshot()) for shard in self.shards]
        self.shards = [restored(pickle.loads(item)) for item in saved]  # noqa: S301  (our own)
