"""The same as `scorer`, cut into steps that several workers share.

Each batch goes whole to every shard, which answers for its own keys; the answers are joined by the
number that intake gave the batch, and leave in that order.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from dataflows.connectors import LogBatch, key_of
from dataflows.scoring.changes import Changed
from dataflows.scoring.decisions import Decided, Judge
from dataflows.scoring.intake import Accepted, Intake, Taken
from dataflows.scoring.scorer import FORMAT, Snapshot, check, new_plan, settled
from dataflows.scoring.topics import Topics
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
    """What a shard has to do: observe columns, or take up other features."""

    number: int
    cell: int
    shard: int
    columns: Columns | None
    plan: Plan | None


@dataclass(frozen=True, slots=True)
class ShardAnswers:
    """What a shard answers to a batch."""

    number: int
    cell: int
    answers: Answers


Step = Held | ShardWork
Part = Held | ShardAnswers


def shard_key(cell: int, shard: int) -> str:
    """The state key of a shard; named so that the engine spreads them evenly over workers."""
    return f"{shard}-shard-of-cell-{cell}"


def split(taken: Taken, shards: int) -> Iterator[tuple[str, Step]]:
    """The batch itself for the join, and its columns for every shard."""
    work, columns, plan = taken.work, taken.columns, new_plan(taken.work)
    yield key_of(work.cell), Held(work, None if columns is None else columns.clock)
    if columns is None and plan is None:
        return
    for shard in range(shards):
        step = ShardWork(work.number, work.cell, shard, columns, plan)
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

    def __init__(self, shards: int, snapshot: Snapshot | None) -> None:
        """Begin, or go on."""
        self.shards = shards
        self.features: FeatureShard | None = None
        if snapshot is not None and snapshot["features"] is not None:
            check(snapshot)
            self.features = restored(snapshot["features"])

    def take(self, step: Step) -> list[Part]:
        """Answer, or hand on."""
        if isinstance(step, Held):
            return [step]
        if self.features is None:
            self.features = FeatureShard(Plan.of(()), step.shard, self.shards)
        if step.plan is not None:
            self.features.adopt(step.plan)
        if step.columns is None:
            return []
        return [ShardAnswers(step.number, step.cell, self.features.observe(step.columns))]

    def snapshot(self) -> Snapshot:
        """All of it as plain values."""
        features = None if self.features is None else self.features.snapshot()
        return {"format": FORMAT, "features": features}


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
        self.judge, self.shards = Judge(topics.decisions), shards
        self.due, self.waiting = 1, dict[int, _Waiting]()
        if snapshot is not None:
            check(snapshot)
            self.judge.restore(snapshot["judge"])
            self.due = snapshot["due"]

    def take(self, part: Part) -> list[Decided]:
        """What is complete now, and next in order."""
        if isinstance(part, Held):
            self._at(part.work.number).held = part
        else:
            self._at(part.number).answers.append(part.answers)
        decided = []
        while self.due in self.waiting and self.waiting[self.due].is_complete(self.shards):
            decided.append(self._settled(self.waiting.pop(self.due)))
            self.due += 1
        return decided

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
