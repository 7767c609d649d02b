"""A feature at work: its definition, its memory in arrays, and what a batch adds to it."""

import numpy as np
from numpy.typing import NDArray

from rules.features import rings, sets
from rules.features.blocks import release
from rules.features.columns import NOWHERE, Columns
from rules.features.fields import PLACES, WHOLE
from rules.features.memory import (
    HEADER,
    NEVER,
    NO_BLOCK,
    POOL_WORDS_LEAST,
    Answers,
    Ints,
    Kind,
    Memory,
    Work,
)
from rules.features.moments import BASE
from rules.features.plan import CONDITIONS_MAX, Feature, Plan
from rules.model import Aggregate

Arrays = dict[str, NDArray[np.generic]]
Bools = NDArray[np.bool_]


class Remembered:
    """One feature's memory for the keys of a shard."""

    def __init__(self, feature: Feature, rows: int) -> None:
        """Begin with nothing remembered."""
        self.feature = feature
        self.memory = Memory(
            headers=_empty_headers(rows),
            pool=np.zeros(POOL_WORDS_LEAST, np.int64),
            rooms=np.array(feature.rooms, np.int64),
            free=np.full(len(feature.rooms), NO_BLOCK, np.int64),
            used=np.zeros(1, np.int64),
            scratch=np.zeros(feature.tiles if feature.kind is Kind.SET else 0, np.int64),
        )

    def observe(self, work: Work) -> Answers:
        """Remember the events and answer them, in their order."""
        count = len(work.occurred)
        answers = Answers(
            np.zeros(count, np.uint8), np.zeros((count, self.feature.answer_words), np.int64)
        )
        kernel = sets.observe if self.feature.kind is Kind.SET else rings.observe
        done = 0
        while (done := kernel(self.feature.shape, self.memory, work, answers, done)) < count:
            self._grow_pool()
        return answers

    def make_rows(self, rows: int) -> None:
        """Have a header for so many rows."""
        missing = rows - len(self.memory.headers)
        if missing > 0:
            headers = np.concatenate([self.memory.headers, _empty_headers(missing)])
            self.memory = self.memory._replace(headers=headers)

    def forget(self, rows: Ints) -> None:
        """Begin anew for these rows."""
        release(self.memory, rows)

    def _grow_pool(self) -> None:
        words = int(self.memory.rooms[-1]) * self.feature.shape.stride
        pool = np.zeros(2 * len(self.memory.pool) + words, np.int64)
        pool[: len(self.memory.pool)] = self.memory.pool
        self.memory = self.memory._replace(pool=pool)

    def saved(self, rows: int) -> Arrays:
        """The arrays, without what is not in use; views, to be copied before the next batch."""
        memory = self.memory
        return {
            "headers": memory.headers[:rows],
            "pool": memory.pool[: memory.used[0]],
            "free": memory.free,
        }

    @property
    def state_bytes(self) -> int:
        """How much memory is in use."""
        return int(8 * self.memory.used[0]) + self.memory.headers.nbytes


def restored(feature: Feature, rows: int, saved: Arrays) -> Remembered:
    """The memory that was saved, with a header for so many rows."""
    found = Remembered(feature, rows)
    used = len(saved["pool"])
    pool = np.zeros(used + POOL_WORDS_LEAST, np.int64)
    pool[:used] = saved["pool"]
    found.memory.headers[: len(saved["headers"])] = saved["headers"]
    found.memory.free[:] = saved["free"]
    found.memory.used[0] = used
    found.memory = found.memory._replace(pool=pool)
    return found


def _empty_headers(rows: int) -> NDArray[np.void]:
    headers: NDArray[np.void] = np.zeros(rows, HEADER)
    for name in ("touched", "highest", "lost", "counted_at"):
        headers[name] = NEVER
    headers["size"] = NO_BLOCK
    return headers


def is_counted(plan: Plan, feature: Feature, columns: Columns) -> Bools:
    """For which events `where` is true and the field is not null."""
    where, of = feature.definition.where, feature.definition.of
    found: Bools = np.ones(len(columns), np.bool_)
    if where is not None:
        group, bit = divmod(plan.conditions.index(where), CONDITIONS_MAX)
        found &= (columns.masks[:, group] >> bit) & 1 == 1
    if of in PLACES:
        found &= columns.values[of][:, 0] != NOWHERE
    elif of is not None and of != WHOLE:
        texts = columns.hashes[of] if feature.is_of_hashes else columns.values[of]
        found &= texts[:, 0] != 0
    return found


def adds(feature: Feature, columns: Columns) -> Ints:
    """What each event adds to its entry, and in the last column the tick of that."""
    ticks = columns.occurred // feature.shape.unit
    parts = _adds_of(feature, columns)
    return np.column_stack([*parts, ticks])


def _adds_of(feature: Feature, columns: Columns) -> list[Ints]:
    definition, kind = feature.definition, feature.kind
    ones = np.ones(len(columns), np.int64)
    if definition.aggregate is Aggregate.FIRST_SEEN:
        return [-columns.occurred]
    if definition.aggregate is Aggregate.COUNT:
        return [ones] if feature.shape.is_tiled else []
    assert definition.of is not None
    if kind in {Kind.VALUES, Kind.SET}:
        source = columns.hashes if feature.is_of_hashes else columns.values
        return [source[definition.of][:, 1 if feature.is_of_hashes else 0].view(np.int64), ones]
    values = columns.values[definition.of]
    if kind is Kind.LAST:
        return [columns.occurred, values]
    if kind is Kind.HIGHEST:
        return [-values[:, 0] if definition.aggregate is Aggregate.MIN else values[:, 0]]
    parts = [values[:, 0]]
    if definition.aggregate is Aggregate.STDDEV:
        high, low = np.divmod(values[:, 0], BASE)
        parts += [high * high, high * low, low * low]
    return [ones, *parts] if feature.shape.is_tiled else parts
