"""The flow: log ▸ intake ▸ feature shards ▸ decisions in order of position ▸ letters.

With one shard all of it is one step of the engine. With more, each batch goes to every shard, which
answers for its own keys, and is joined again by its number; the decisions are the same bytes.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import bytewax.operators as op
from bytewax.dataflow import Dataflow
from bytewax.inputs import Source
from bytewax.operators import KeyedStream
from bytewax.outputs import Sink

from dataflows.connectors import Clock, Letter, LogBatch, Read, Written, key_of
from dataflows.epochs import Epochs, Kept, Turn
from dataflows.scoring import metrics
from dataflows.scoring.decisions import Decided
from dataflows.scoring.intake import Taken
from dataflows.scoring.scorer import Scorer
from dataflows.scoring.sharded import FeatureStep, IntakeStep, JoinStep, Part, Step, split
from dataflows.scoring.topics import Topics
from dataflows.scoring.waking import Waking
from dataflows.scoring.warmers import NoHistory, Warmer
from dataflows.states import State, States

Letters = Sequence[Letter]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scoring:
    """How the flow is built; the clock is for the metrics, and to look after what warms.

    Without a folder for its states they stand in the recovery store itself.
    """

    topics: Topics = field(default_factory=Topics)
    shards: int = 1
    clock: Clock
    warmer: Warmer = field(default_factory=NoHistory)
    states: States | None = None

    def letters(self, decided: Iterable[Decided]) -> list[Letters]:
        """What leaves the flow, counted."""
        with metrics.BATCH_SECONDS.time():
            found = list(decided)
        now = self.clock().timestamp()
        for item in found:
            metrics.observe(item, now)
        return [item.letters for item in found if item.letters]


class _Whole(op.StatefulBatchLogic[LogBatch | Turn, Letters, State]):
    """The short way: all of a cell in one step."""

    def __init__(self, scoring: Scoring, told: State) -> None:
        self.scoring, self.scorer = scoring, Scorer(scoring.topics, scoring.warmer)
        self.waking, self.epochs = (
            Waking(scoring.clock),
            Epochs[LogBatch]("score", scoring.states, told),
        )
        if (snapshot := self.epochs.restored()) is not None:
            self.scorer.restore(snapshot)

    def on_batch(self, values: list[LogBatch | Turn]) -> tuple[list[Letters], bool]:
        _, batches = self.epochs.taken(values)
        letters = self.scoring.letters(map(self.scorer.score, batches))
        return [*letters, *self._records()], self.RETAIN

    def on_notify(self) -> tuple[list[Letters], bool]:
        self.waking.awake()
        return self._records(), self.RETAIN

    def _records(self) -> list[Letters]:
        found = self.scorer.records()
        return [found] if found else []

    def notify_at(self) -> datetime | None:
        return self.waking.next(wanted=self.scorer.warm_start.is_busy)

    def snapshot(self) -> State:
        when_told = self.scorer.warm_start.when_saved()
        return self.epochs.snapshot(Kept(self.scorer.snapshot, when_told=when_told))


class _Intake(op.StatefulBatchLogic[LogBatch | Turn, Taken | Turn, State]):
    def __init__(self, scoring: Scoring, told: State) -> None:
        self.epochs = Epochs[LogBatch]("intake", scoring.states, told)
        self.step = IntakeStep(scoring.topics, self.epochs.restored())

    def on_batch(self, values: list[LogBatch | Turn]) -> tuple[list[Taken | Turn], bool]:
        turns, batches = self.epochs.taken(values)
        return [*turns, *map(self.step.take, batches)], self.RETAIN

    def snapshot(self) -> State:
        return self.epochs.snapshot(Kept(self.step.snapshot))


class _Features(op.StatefulBatchLogic[Step | Turn, Part | Turn, State]):
    def __init__(self, scoring: Scoring, told: State) -> None:
        self.epochs = Epochs[Step]("features", scoring.states, told)
        self.step = FeatureStep(scoring.shards, scoring.warmer, self.epochs.restored())
        self.waking = Waking(scoring.clock)

    def on_batch(self, values: list[Step | Turn]) -> tuple[list[Part | Turn], bool]:
        turns, steps = self.epochs.taken(values)
        parts = [part for step in steps for part in self.step.take(step)]
        return [*turns, *parts, *self.step.filled()], self.RETAIN

    def on_notify(self) -> tuple[list[Part | Turn], bool]:
        self.waking.awake()
        return list(self.step.filled()), self.RETAIN

    def notify_at(self) -> datetime | None:
        return self.waking.next(wanted=self.step.is_busy)

    def snapshot(self) -> State:
        return self.epochs.snapshot(self.step.kept())


class _Join(op.StatefulBatchLogic[Part | Turn, Letters, State]):
    def __init__(self, scoring: Scoring, told: State) -> None:
        self.scoring, self.epochs = scoring, Epochs[Part]("join", scoring.states, told)
        self.step = JoinStep(scoring.topics, scoring.shards, self.epochs.restored())

    def on_batch(self, values: list[Part | Turn]) -> tuple[list[Letters], bool]:
        _, parts = self.epochs.taken(values)
        decided = (item for part in parts for item in self.step.take(part))
        letters, records = self.scoring.letters(decided), self.step.records()
        return [*letters, *([records] if records else [])], self.RETAIN

    def snapshot(self) -> State:
        return self.epochs.snapshot(Kept(self.step.snapshot, is_small=True))


def build(source: Source[Read], scoring: Scoring, sink: Sink[Written]) -> Dataflow:
    """Put the flow together; the names of its steps are those of its snapshots."""
    flow = Dataflow("scoring")
    read = op.input("log", flow, source)
    score = _short if scoring.shards == 1 else _sharded
    op.output("letters", score(read, scoring), sink)
    return flow


def _short(read: KeyedStream[LogBatch | Turn], scoring: Scoring) -> KeyedStream[Letters]:
    return op.stateful_batch("score", read, lambda told: _Whole(scoring, told))


def _sharded(read: KeyedStream[LogBatch | Turn], scoring: Scoring) -> KeyedStream[Letters]:
    def spread(items: list[tuple[str, Taken | Turn]]) -> Iterator[tuple[str, Step | Turn]]:
        return (part for _, taken in items for part in split(taken, scoring.shards))

    taken = op.stateful_batch("intake", read, lambda told: _Intake(scoring, told))
    steps = op.flat_map_batch("split", taken, spread)
    parts = op.stateful_batch("features", steps, lambda told: _Features(scoring, told))
    by_cell = op.flat_map_batch("back", parts, _by_cell)
    return op.stateful_batch("join", by_cell, lambda told: _Join(scoring, told))


def _by_cell(items: list[tuple[str, Part | Turn]]) -> Iterator[tuple[str, Part | Turn]]:
    for _, part in items:
        yield key_of(part.cell), part
