"""A group: the features that remember under the same key share its rows and a pool of blocks."""

from collections.abc import Sequence

import numpy as np

from rules.features.blobs import Arrays
from rules.features.blocks import forget_feature, forget_rows
from rules.features.columns import NOWHERE
from rules.features.fields import PLACES
from rules.features.keys import Keys, restored
from rules.features.memory import (
    FEATURE,
    NO_BLOCK,
    POOL_WORDS_LEAST,
    Answers,
    Ints,
    Kind,
    Memory,
    Records,
    Work,
    empty_headers,
)
from rules.features.naive import FORGET_AFTER_MS
from rules.features.observing import observe
from rules.features.plan import CONDITIONS_MAX, Feature, Key, Plan

SIZES = 32  # A block of the last would fill all memory there is.
NO_MASK = -1, 0

Members = Sequence[Feature]


class Group:
    """All that is remembered under one `by`."""

    def __init__(self, plan: Plan, by: Key) -> None:
        """Begin with nothing remembered."""
        self.keys = Keys()
        self.members: Members = ()
        self.memory = _empty_memory()
        self.adopt(plan, by)

    def adopt(self, plan: Plan, by: Key) -> None:
        """Go on with the features that the plan has for this key; what stays keeps its memory."""
        before = {feature.fingerprint: at for at, feature in enumerate(self.members)}
        self.members = [plan.features[number] for number in plan.groups[by]]
        self.ats = tuple(dict.fromkeys(feature.definition.at for feature in self.members))
        self.table = _table(plan, plan.groups[by], self.ats)
        headers = empty_headers(self.keys.room, len(self.members))
        for at, feature in enumerate(self.members):
            if feature.fingerprint in before:
                headers[:, at] = self.memory.headers[:, before.pop(feature.fingerprint)]
        for at in before.values():
            forget_feature(self.memory, at)
        self.memory = self.memory._replace(headers=headers, scratch=_scratch(self.members))

    def make_room(self, more: int, clock: int) -> None:
        """Have room for so many new keys: by forgetting, else by growing."""
        if self.keys.has_room_for(more):
            return
        longest = int(self.table["forget_after"].max())
        forget_rows(self.memory, self.keys.forget(clock - longest))
        if 4 * (self.keys.living + more) > 3 * self.keys.room:
            self.keys.grow(more)
        missing = self.keys.room - len(self.memory.headers)
        headers = [self.memory.headers, empty_headers(missing, len(self.members))]
        self.memory = self.memory._replace(headers=np.concatenate(headers))

    def observe(self, work: Work, answers: Answers) -> None:
        """Remember the events and answer them, in their order."""
        steps, done = len(work.occurred) * len(self.members), 0
        while (done := observe(self.table, self.memory, work, answers, done)) < steps:
            self._grow_pool()

    def _grow_pool(self) -> None:
        before = self.memory.pool
        largest = 2 * max(feature.room_max * feature.stride for feature in self.members)
        pool = np.zeros(2 * len(before) + largest, np.int64)
        pool[: len(before)] = before
        self.memory = self.memory._replace(pool=pool)

    @property
    def state_bytes(self) -> int:
        """How much memory is in use."""
        headers = self.keys.rows * self.memory.headers.itemsize * len(self.members)
        return int(8 * self.memory.used[0]) + headers + self.keys.state_bytes

    def saved(self) -> Arrays:
        """The arrays, without what is not in use; views, to be copied before the next batch."""
        memory = self.memory
        return {
            **self.keys.saved(),
            "headers": memory.headers[: self.keys.rows],
            "pool": memory.pool[: memory.used[0]],
            "free_blocks": memory.free,
        }

    def restore(self, saved: Arrays) -> None:
        """Go on with what the same features had saved."""
        self.keys = restored(saved)
        headers = empty_headers(self.keys.room, len(self.members))
        headers[: len(saved["headers"])] = saved["headers"]
        used = len(saved["pool"])
        pool = np.zeros(used + POOL_WORDS_LEAST, np.int64)
        pool[:used] = saved["pool"]
        self.memory = self.memory._replace(
            headers=headers, pool=pool, free=saved["free_blocks"], used=np.array([used])
        )


def _empty_memory() -> Memory:
    return Memory(
        headers=empty_headers(0, 0),
        pool=np.zeros(POOL_WORDS_LEAST, np.int64),
        free=np.full(SIZES, NO_BLOCK, np.int64),
        used=np.zeros(1, np.int64),
        scratch=np.zeros(0, np.int64),
    )


def _scratch(members: Members) -> Ints:
    """As many tiles as the longest memory of a set has."""
    reaches = [feature.reach for feature in members if feature.kind is Kind.SET]
    return np.zeros(max(reaches, default=0), np.int64)


def _table(plan: Plan, numbers: Sequence[int], ats: Sequence[Key]) -> Records:
    table: Records = np.zeros(len(numbers), FEATURE)
    for line, number in zip(table, numbers, strict=True):
        feature = plan.features[number]
        for name, value in _line(plan, feature).items():
            line[name] = value
        line["at"] = ats.index(feature.definition.at)
        line["number"], line["words"] = number, plan.words[number]
    return table


def _line(plan: Plan, feature: Feature) -> dict[str, int]:
    definition = feature.definition
    mask, bit = NO_MASK
    if definition.where is not None:
        mask, bit = divmod(plan.conditions.index(definition.where), CONDITIONS_MAX)
    return {
        "unit": feature.unit,
        "ticks": plan.units.index(feature.unit),
        "span": feature.span,
        "forget_after": definition.window_ms + FORGET_AFTER_MS,
        "null": NOWHERE if definition.of in PLACES else 0,
        "kind": feature.kind,
        "stride": feature.stride,
        "capacity": definition.capacity,
        "distinct_capacity": definition.distinct_capacity,
        "first_size": feature.first_size,
        "room_max": feature.room_max,
        "is_tiled": feature.is_tiled,
        "is_current_included": definition.is_current_included,
        "is_negated": feature.is_negated,
        "column": plan.column_of(feature),
        "null_column": plan.null_column_of(feature),
        "mask": mask,
        "bit": bit,
    }
