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
from dataflows.scoring import metrics
from dataflows.scoring.decisions import Decided
from dataflows.scoring.intake import Taken
from dataflows.scoring.scorer import Scorer, Snapshot
from dataflows.scoring.sharded import FeatureStep, IntakeStep, JoinStep, Part, Step, split
from dataflows.scoring.topics import Topics
from dataflows.scoring.waking import Waking
from dataflows.scoring.warmers import NoHistory, Warmer

Letters = Sequence[Letter]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scoring:
    """How the flow is built; the clock is for the metrics, and to look after what warms."""

    topics: Topics = field(default_factory=Topics)
    shards: int = 1
    clock: Clock
    warmer: Warmer = field(default_factory=NoHistory)

    def letters(self, decided: Iterable[Decided]) -> list[Letters]:
        """What leaves the flow, counted."""
        with metrics.BATCH_SECONDS.time():
            found = list(decided)
        now = self.clock().timestamp()
        for item in found:
            metrics.observe(item, now)
        return [item.letters for item in found if item.letters]


class _Whole(op.StatefulBatchLogic[LogBatch, Letters, Snapshot]):
    """The short way: all of a cell in one step."""

    def __init__(self, scoring: Scoring, snapshot: Snapshot | None) -> None:
        self.scoring, self.scorer = scoring, Scorer(scoring.topics, scoring.warmer)
        self.waking = Waking(scoring.clock)
        if snapshot is not None:
            self.scorer.restore(snapshot)

    def on_batch(self, values: list[LogBatch]) -> tuple[list[Letters], bool]:
        letters = self.scoring.letters(map(self.scorer.score, values))
        return [*letters, *self._records()], self.RETAIN

    def on_notify(self) -> tuple[list[Letters], bool]:
        self.waking.awake()
        return self._records(), self.RETAIN

    def _records(self) -> list[Letters]:
        found = self.scorer.records()
        return [found] if found else []

    def notify_at(self) -> datetime | None:
        return self.waking.next(wanted=self.scorer.warm_start.is_busy)

    def snapshot(self) -> Snapshot:
        return self.scorer.snapshot()


class _Intake(op.StatefulBatchLogic[LogBatch, Taken, Snapshot]):
    def __init__(self, scoring: Scoring, snapshot: Snapshot | None) -> None:
        self.step = IntakeStep(scoring.topics, snapshot)

    def on_batch(self, values: list[LogBatch]) -> tuple[list[Taken], bool]:
        return list(map(self.step.take, values)), self.RETAIN

    def snapshot(self) -> Snapshot:
        return self.step.snapshot()


class _Features(op.StatefulBatchLogic[Step, Part, Snapshot]):
    def __init__(self, scoring: Scoring, snapshot: Snapshot | None) -> None:
        self.step = FeatureStep(scoring.shards, scoring.warmer, snapshot)
        self.waking = Waking(scoring.clock)

    def on_batch(self, values: list[Step]) -> tuple[list[Part], bool]:
        parts = [part for step in values for part in self.step.take(step)]
        return [*parts, *self.step.filled()], self.RETAIN

    def on_notify(self) -> tuple[list[Part], bool]:
        self.waking.awake()
        return self.step.filled(), self.RETAIN

    def notify_at(self) -> datetime | None:
        return self.waking.next(wanted=self.step.is_busy)

    def snapshot(self) -> Snapshot:
        return self.step.snapshot()


class _Join(op.StatefulBatchLogic[Part, Letters, Snapshot]):
    def __init__(self, scoring: Scoring, snapshot: Snapshot | None) -> None:
        self.scoring = scoring
        self.step = JoinStep(scoring.topics, scoring.shards, snapshot)

    def on_batch(self, values: list[Part]) -> tuple[list[Letters], bool]:
        decided = (item for part in values for item in self.step.take(part))
        letters, records = self.scoring.letters(decided), self.step.records()
        return [*letters, *([records] if records else [])], self.RETAIN

    def snapshot(self) -> Snapshot:
        return self.step.snapshot()


def build(source: Source[Read], scoring: Scoring, sink: Sink[Written]) -> Dataflow:
    """Put the flow together; the names of its steps are those of its snapshots."""
    flow = Dataflow("scoring")
    read = op.input("log", flow, source)
    score = _short if scoring.shards == 1 else _sharded
    op.output("letters", score(read, scoring), sink)
    return flow


def _short(read: KeyedStream[LogBatch], scoring: Scoring) -> KeyedStream[Letters]:
    return op.stateful_batch("score", read, lambda saved: _Whole(scoring, saved))


def _sharded(read: KeyedStream[LogBatch], scoring: Scoring) -> KeyedStream[Letters]:
    def spread(items: list[tuple[str, Taken]]) -> Iterator[tuple[str, Step]]:
        return (part for _, taken in items for part in split(taken, scoring.shards))

    taken = op.stateful_batch("intake", read, lambda saved: _Intake(scoring, saved))
    steps = op.flat_map_batch("split", taken, spread)
    parts = op.stateful_batch("features", steps, lambda saved: _Features(scoring, saved))
    by_cell = op.flat_map_batch("back", parts, _by_cell)
    return op.stateful_batch("join", by_cell, lambda saved: _Join(scoring, saved))


def _by_cell(items: list[tuple[str, Part]]) -> Iterator[tuple[str, Part]]:
    for _, part in items:
        yield key_of(part.cell), part
