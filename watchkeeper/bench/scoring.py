"""What scoring costs on one core, in memory: the flow's own operators on simulated traffic.

Encoded messages in batches ▸ decode ▸ features ▸ rules ▸ encoded decisions, under the shipped
catalogue, with a snapshot now and then, written to a file by a copy of the process as in the flow.
Traffic is made between what is measured, and not counted.
"""

import os
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import msgspec

from data_contracts import codec
from data_contracts.control import ControlKind
from data_contracts.transaction import Transaction
from dataflows.connectors import LogBatch, Logged
from dataflows.scoring.compile_kernels import compile_kernels
from dataflows.scoring.decisions import Decided, Judge
from dataflows.scoring.flow import Scoring
from dataflows.scoring.intake import Accepted, Intake, Taken
from dataflows.scoring.process import few_collections
from dataflows.scoring.scorer import Scorer
from dataflows.scoring.topics import Topics
from dataflows.states import Copy, States
from rules.features.memory import Answers, Ints
from rules.instants import from_epoch_ms
from rules.model import RuleSet
from watchkeeper.publish import Publication, shipped_catalogue, sound_catalogue
from watchkeeper.simulator.traffic import Chunk, Plan, Traffic
from watchkeeper.simulator.world import build_world

START = datetime(2026, 1, 5, 8, tzinfo=UTC)  # A Monday.
CELL = 0
HIT = b'hits":[{'  # In shadow or not.
INTAKE, FEATURES, DECISIONS, SNAPSHOTS = "intake", "features", "decisions", "snapshots"

_stored = msgspec.json.Decoder(Transaction).decode


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What is scored; the same load is the same bytes."""

    events: int
    warm_up: int
    accounts: int
    batch: int
    per_second: float
    snapshot_seconds: float
    seed: int


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What came out, per second and per event of a core's own time."""

    events_per_second: int
    us_per_event: dict[str, float]
    state_bytes_per_account: int
    events: int
    accounts: int
    rules: int
    features: int
    hits_percent: float
    snapshot_ms: float  # That the flow stands still.
    snapshot_copy_ms: float  # That the copy which writes it works meanwhile.
    snapshot_bytes_per_account: int
    peak_memory_mib: int


@dataclass(slots=True)
class Stages:
    """Processor time by stage, in nanoseconds; the innermost stage gets it."""

    spent: Counter[str] = field(default_factory=Counter)

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Add what a block takes, but for the stages in it."""
        before, started = self.spent.total(), time.process_time_ns()
        yield
        inner = self.spent.total() - before
        self.spent[name] += time.process_time_ns() - started - inner


class _Intake(Intake):
    stages: Stages

    def take(self, batch: LogBatch) -> Taken:
        with self.stages.timed(INTAKE):
            return super().take(batch)


class _Judge(Judge):
    stages: Stages

    def decide(self, accepted: Accepted, clock: Ints, answers: Answers) -> Decided:
        with self.stages.timed(DECISIONS):
            return super().decide(accepted, clock, answers)


@dataclass(slots=True)
class Bench:
    """The flow's one step, with a watch on each stage."""

    scoring: Scoring
    scorer: Scorer
    stages: Stages = field(default_factory=Stages)
    snapshots: int = 0
    snapshot_bytes: int = 0
    hits: int = 0

    @classmethod
    def of(cls, rule_set: RuleSet, clock: Callable[[], datetime]) -> "Bench":
        """A scorer that has just taken up a rule set."""
        topics = Topics()
        bench = cls(Scoring(topics=topics, clock=clock), Scorer(topics))
        intake, judge = _Intake(topics.log, topics.rejected), _Judge(topics.decisions)
        intake.stages, judge.stages = bench.stages, bench.stages
        bench.scorer.intake, bench.scorer.judge = intake, judge
        record = Publication(rule_set=rule_set, published_by="bench", published_at=START).record()
        bench.scorer.score(
            LogBatch(CELL, [Logged(0, codec.encode(record), kind=ControlKind.RULE_SET)])
        )
        return bench

    def score(self, batches: Iterable[LogBatch], snapshot_seconds: float) -> int:
        """Take every batch to its letters, with a snapshot after so much work."""
        with tempfile.TemporaryDirectory() as folder:
            return self._score(batches, snapshot_seconds, States(Path(folder)))

    def _score(self, batches: Iterable[LogBatch], snapshot_seconds: float, states: States) -> int:
        count, due, copy = 0, snapshot_seconds * 1e9, None
        for batch in batches:
            with self.stages.timed(FEATURES):  # What is neither of the other stages.
                (letters,) = self.scoring.letters([self.scorer.score(batch)])
            count += len(letters)
            self.hits += sum(HIT in letter.value for letter in letters)
            if self.stages.spent.total() > due:
                due += snapshot_seconds * 1e9
                self._finish(copy)
                with self.stages.timed(SNAPSHOTS):
                    copy = states.begin("bench", self.scorer.snapshot)
        self._finish(copy)
        return count

    def _finish(self, copy: Copy | None) -> None:
        if copy is not None:
            copy.finished()
            self.snapshots += 1
            self.snapshot_bytes = copy.path.stat().st_size
            copy.path.unlink()


def messages(load: Load) -> Iterator[bytes]:
    """Transactions as they stand in the log."""
    plan = Plan(
        seed=load.seed,
        start_ms=int(START.timestamp() * 1_000),
        per_second=load.per_second,
        seconds=(load.events + load.warm_up) / load.per_second,
    )
    for chunk in Traffic(build_world(load.seed, load.accounts), plan).chunks():
        yield from _logged(chunk, plan)


def _logged(chunk: Chunk, plan: Plan) -> Iterator[bytes]:
    for row, due_ms in zip(chunk.rows.to_list(), chunk.due_ms.tolist(), strict=True):
        at = msgspec.json.encode(from_epoch_ms(plan.start_ms + due_ms)).decode()
        yield codec.encode(_stored(f'{row[:-1]},"tenant":"bench","received_at":{at}}}'))


def batches(found: Iterator[bytes], size: int, first: int) -> Iterator[LogBatch]:
    """The messages as polls of a log."""
    while raw := list(islice(found, size)):
        yield LogBatch(CELL, [Logged(position, value) for position, value in enumerate(raw, first)])
        first += len(raw)


def measure(load: Load, clock: Callable[[], datetime]) -> Report:
    """Warm up and measure, pinned to one core."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(allowed)})
    try:
        compile_kernels()
        rule_set = sound_catalogue(shipped_catalogue()).rule_set()
        with few_collections():
            return _measured(load, rule_set, clock)
    finally:
        os.sched_setaffinity(0, allowed)


def _measured(load: Load, rule_set: RuleSet, clock: Callable[[], datetime]) -> Report:
    bench, found = Bench.of(rule_set, clock), messages(load)
    bench.score(batches(islice(found, load.warm_up), load.batch, 1), float("inf"))
    bench.stages.spent.clear()
    bench.hits, before = 0, _spent_by_copies()
    count = bench.score(batches(found, load.batch, 1 + load.warm_up), load.snapshot_seconds)
    spent, stalls = bench.stages.spent, bench.stages.spent[SNAPSHOTS]
    copies = _spent_by_copies() - before
    spent[SNAPSHOTS] += copies
    return Report(
        events_per_second=round(count * 1e9 / spent.total()),
        us_per_event={
            name: round(spent[name] / 1e3 / count, 2)
            for name in (INTAKE, FEATURES, DECISIONS, SNAPSHOTS)
        },
        state_bytes_per_account=round(bench.scorer.features.state_bytes / load.accounts),
        events=count,
        accounts=load.accounts,
        rules=len(rule_set.rules),
        features=len(rule_set.features),
        hits_percent=round(100 * bench.hits / count, 2),
        snapshot_ms=round(stalls / 1e6 / max(1, bench.snapshots), 1),
        snapshot_copy_ms=round(copies / 1e6 / max(1, bench.snapshots), 1),
        snapshot_bytes_per_account=round(bench.snapshot_bytes / load.accounts),
        peak_memory_mib=round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    )


def _spent_by_copies() -> int:
    """Processor time of the copies that have ended, in nanoseconds."""
    found = resource.getrusage(resource.RUSAGE_CHILDREN)
    return round(1e9 * (found.ru_utime + found.ru_stime))
