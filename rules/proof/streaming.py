"""The engine of the stream asked about trials: each under a tenant of its own, all in one log."""

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from data_contracts.transaction import Transaction
from rules.features import answers
from rules.features.columns import columns_of
from rules.features.naive import Answer
from rules.features.plan import Plan
from rules.features.shard import FeatureShard
from rules.model import FeatureDefinition
from rules.predicates import compile_masks
from rules.proof.subject import Trial

BATCH = 5_000


def streamed(
    definitions: Sequence[FeatureDefinition], trials: Sequence[Trial]
) -> list[dict[FeatureDefinition, Answer]]:
    """What the kernels say of the judged event of each trial."""
    if not definitions:
        return [{} for _ in trials]
    stream, log = _Stream.of(definitions), _log(trials)
    found: list[dict[FeatureDefinition, Answer]] = [{} for _ in trials]
    for start in range(0, len(log), BATCH):
        batch = log[start : start + BATCH]
        rows = stream.observe([event for _, event in batch])
        for (number, event), row in zip(batch, rows, strict=True):
            if event.transaction_id == trials[number].event.transaction_id:
                found[number] = row
    return found


def _log(trials: Sequence[Trial]) -> list[tuple[int, Transaction]]:
    """All events in the order in which they were received: so the log's clock is that of each."""
    events = [
        (number, replace(event, tenant=f"trial-{number}"))
        for number, trial in enumerate(trials)
        for event in (*trial.history, trial.event)
    ]
    return sorted(events, key=lambda item: item[1].received_at)


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
