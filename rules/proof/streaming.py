"""The engine of the stream asked about trials: each under a tenant of its own, all in one log."""

from collections.abc import Sequence
from dataclasses import dataclass

from data_contracts.transaction import Transaction
from rules.features import answers
from rules.features.columns import columns_of
from rules.features.naive import Answer
from rules.features.plan import Plan
from rules.features.shard import FeatureShard
from rules.model import FeatureDefinition
from rules.predicates import compile_masks
from rules.proof.subject import Subject, Told, Trial, one_log

BATCH = 5_000


def streamed(subject: Subject, trials: Sequence[Trial]) -> list[Told]:
    """What the engine of the stream says of the judged event of each trial."""
    stream, log, score = _Stream.of(subject.features), one_log(trials), subject.scorer()
    told: list[Told] = [Told({}, None) for _ in trials]
    for start in range(0, len(log), BATCH):
        batch = log[start : start + BATCH]
        rows = stream.observe([event for _, event in batch])
        for (number, event), row in zip(batch, rows, strict=True):
            if event.transaction_id == trials[number].event.transaction_id:
                values = [row[definition][0] for definition in subject.features]
                told[number] = Told(row, score(trials[number].event, values))
    return told


@dataclass(slots=True)
class _Stream:
    plan: Plan
    shard: FeatureShard
    clock: int = 0

    @classmethod
    def of(cls, definitions: Sequence[FeatureDefinition]) -> "_Stream":
        plan = Plan.of(definitions)
        return cls(plan, FeatureShard(plan))

    def observe(self, batch: Sequence[Transaction]) -> list[dict[FeatureDefinition, Answer]]:
        if not self.plan.definitions:
            return [{} for _ in batch]
        masks = [compile_masks(group) for group in self.plan.condition_groups]
        columns = columns_of(self.plan, batch, self.clock, masks)
        self.clock = int(columns.clock[-1])
        found = self.shard.observe(columns)
        flags, values = answers.flags_of(found), answers.columns_of(self.plan, found)
        rows: list[dict[FeatureDefinition, Answer]] = [{} for _ in batch]
        for definition, place in zip(self.plan.definitions, self.plan.places, strict=True):
            for number, value in enumerate(values[place]):
                rows[number][definition] = value, flags.get(place, {}).get(number)
        return rows
