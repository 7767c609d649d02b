"""The same as `scorer`, cut into steps that several workers share.

Each batch goes whole to every shard, which answers for its own keys; the answers are joined by the
number that intake gave the batch, and leave in that order.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from dataflows.connectors import Letter, LogBatch, key_of
from dataflows.epochs import Kept, Turn
from dataflows.scoring.changes import Changed
from dataflows.scoring.decisions import Decided, Judge
from dataflows.scoring.intake import Accepted, Intake, Taken
from dataflows.scoring.scorer import (
    FORMAT,
    Snapshot,
    check,
    new_plan,
    settled,
    switched_on,
    warm_records,
)
from dataflows.scoring.topics import Topics
from dataflows.scoring.warm_start import WarmStart
from dataflows.scoring.warmers import NoHistory, Warmer
from rules.features.answers import merged
from rules.features.columns import Columns
from rules.features.memory import Answers, Ints
from rules.features.plan import Plan
from rules.features.shard import FeatureShard, restored


@dataclass(frozen=True, slots=True)
class Held:
    """A batch that waits for the answers of all shards, or a change that waits for its turn."""

    work: Accepted | Changed
    clock: Ints | None  # None where there is nothing to wait for.

    @property
    def cell(self) -> int:
        """The cell it is of."""
        return self.work.cell


@dataclass(frozen=True, slots=True)
class ShardWork:
    """What a shard has to do: observe columns, take up other features, or switch one on."""

    number: int
    cell: int
    shard: int
    positions: Sequence[int] = ()
    columns: Columns | None = None
    plan: Plan | None = None
    switched_on: str | None = None  # By fingerprint.


@dataclass(frozen=True, slots=True)
class ShardAnswers:
    """What a shard answers to a batch."""

    number: int
    cell: int
    answers: Answers


@dataclass(frozen=True, slots=True)
class ShardFilled:
    """Features (by fingerprint) that a shard has filled with their history."""

    cell: int
    shard: int
    definitions: Sequence[str]


Step = Held | ShardWork
Part = Held | ShardAnswers | ShardFilled


def shard_key(cell: int, shard: int) -> str:
    """The state key of a shard; named so that the engine spreads them evenly over workers."""
    return f"{shard}-shard-of-cell-{cell}"


def split(taken: Taken | Turn, shards: int) -> Iterator[tuple[str, Step | Turn]]:
    """The batch itself for the join, and its columns for every shard; a turn for all of them."""
    if isinstance(taken, Turn):
        for key in (taken.key, *(shard_key(taken.cell, shard) for shard in range(shards))):
            yield key, taken.to(key)
        return
    work, columns = taken.work, taken.columns
    plan, definition = new_plan(work), switched_on(work)
    yield key_of(work.cell), Held(work, None if columns is None else columns.clock)
    if columns is None and plan is None and definition is None:
        return
    positions = () if isinstance(work, Changed) else work.positions
    for shard in range(shards):
        step = ShardWork(work.number, work.cell, shard, positions, columns, plan, definition)
        yield shard_key(work.cell, shard), step


class IntakeStep:
    """Intake, with the snapshot of its own."""

    def __init__(self, topics: Topics, snapshot: Snapshot | None) -> None:
        """Begin, or go on."""
        self.intake = Intake(topics.log, topics.rejected)
        if snapshot is not None:
            check(snapshot)
            self.intake.restore(snapshot["intake"])

    def take(self, batch: LogBatch) -> Taken:
        """The next item of the log."""
        return self.intake.take(batch)

    def snapshot(self) -> Snapshot:
        """All of it as plain values."""
        return {"format": FORMAT, "intake": self.intake.snapshot()}


class FeatureStep:
    """One shard; what only passes by is handed on as it is."""

    def __init__(self, shards: int, warmer: Warmer | None, snapshot: Snapshot | None) -> None:
        """Begin, or go on."""
        self.shards, self.warmer = shards, warmer or NoHistory()
        self.warm_start: WarmStart | None = None
        if snapshot is not None and snapshot["features"] is not None:
            check(snapshot)
            self.warm_start = WarmStart(restored(snapshot["features"]), self.warmer)
            self.warm_start.restore(snapshot["warm_start"])

    def take(self, step: Step) -> list[Part]:
        """Answer, or hand on."""
        if isinstance(step, Held):
            return [step]
        if self.warm_start is None:
            features = FeatureShard(Plan.of(()), step.shard, self.shards)
            self.warm_start = WarmStart(features, self.warmer)
        if step.plan is not None:
            self.warm_start.take_up(step.cell, step.plan)
        if step.switched_on is not None:
            self.warm_start.switch_on(step.switched_on)
        if step.columns is None:
            return []
        answers = self.warm_start.features.observe(step.columns)
        self.warm_start.observed(step.positions, step.columns)
        return [ShardAnswers(step.number, step.cell, answers)]

    @property
    def is_busy(self) -> bool:
        """Whether features of this shard warm."""
        return self.warm_start is not None and self.warm_start.is_busy

    def filled(self) -> list[Part]:
        """Look after features that warm; answers which of them are filled now."""
        if self.warm_start is None or not self.is_busy:
            return []
        self.warm_start.look()
        news = self.warm_start.news()
        shard = self.warm_start.features.shard
        return [ShardFilled(self.warm_start.cell, shard, news)] if news else []

    def kept(self) -> Kept:
        """What is to be kept; where batches only pass by, that is nothing."""
        if self.warm_start is None:
            return Kept(self.snapshot, is_small=True)
        return Kept(self.snapshot, when_told=self.warm_start.when_saved())

    def snapshot(self) -> Snapshot:
        """All of it as plain values."""
        if self.warm_start is None:
            return {"format": FORMAT, "features": None}
        return {
            "format": FORMAT,
            "features": self.warm_start.features.snapshot(),
            "warm_start": self.warm_start.snapshot(),
        }


@dataclass(slots=True)
class _Waiting:
    held: Held | None = None
    answers: list[Answers] = field(default_factory=list)

    def is_complete(self, shards: int) -> bool:
        if self.held is None:
            return False
        return self.held.clock is None or len(self.answers) == shards


class JoinStep:
    """Joins the answers to a batch and decides, in the order in which the log was read."""

    def __init__(self, topics: Topics, shards: int, snapshot: Snapshot | None) -> None:
        """Begin, or go on."""
        self.topics, self.shards = topics, shards
        self.judge, self.filled = Judge(topics.decisions), dict[str, set[int]]()
        self.due, self.waiting = 1, dict[int, _Waiting]()
        if snapshot is not None:
            check(snapshot)
            self.judge.restore(snapshot["judge"])
            self.due = snapshot["due"]

    def take(self, part: Part) -> list[Decided]:
        """What is complete now, and next in order."""
        match part:
            case Held():
                self._at(part.work.number).held = part
            case ShardAnswers():
                self._at(part.number).answers.append(part.answers)
            case ShardFilled():
                for definition in part.definitions:
                    self.filled.setdefault(definition, set()).add(part.shard)
        decided = []
        while self.due in self.waiting and self.waiting[self.due].is_complete(self.shards):
            decided.append(self._settled(self.waiting.pop(self.due)))
            self.due += 1
        return decided

    def records(self) -> list[Letter]:
        """The records of features that all shards have filled now."""
        found = [name for name, shards in self.filled.items() if len(shards) == self.shards]
        for name in found:
            del self.filled[name]
        wanted = [name for name in found if name in self.judge.warming]
        return list(warm_records(self.topics, self.judge.plan, wanted))

    def _at(self, number: int) -> _Waiting:
        return self.waiting.setdefault(number, _Waiting())

    def _settled(self, waiting: _Waiting) -> Decided:
        assert waiting.held is not None
        answers = merged(self.judge.plan, waiting.answers) if waiting.answers else None
        return settled(self.judge, waiting.held.work, waiting.held.clock, answers)

    def snapshot(self) -> dict[str, Any]:
        """All of it as plain values; at the end of an epoch nothing waits."""
        assert not self.waiting, "the engine closed an epoch before all of it had arrived"
        return {"format": FORMAT, "judge": self.judge.snapshot(), "due": self.due}
