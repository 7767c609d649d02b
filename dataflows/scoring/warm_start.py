"""Warm start: a feature taken up late is filled with its history, and then switched on.

A warmer reads history up to near the position of the flow and offers what the features know there.
The flow keeps the last batches meanwhile; the features observe those behind the offered position,
and from then on they observe what all others do. Once a snapshot holds them, a record is
sent that switches them on; until it is read, they are null. Whenever they came in, at the record
they know all that was accepted before it: after a crash, or with a lost snapshot, the flow
stops at the record until it is so again.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import structlog

from dataflows.scoring import metrics
from dataflows.scoring.following import Followed, Task
from dataflows.scoring.history import NOTHING
from dataflows.scoring.warmers import NoHistory, Warmer, Warming
from rules.features.columns import Columns
from rules.features.grafting import graft, held
from rules.features.memory import Ints
from rules.features.plan import Plan
from rules.features.shard import FeatureShard

ROWS_MAX = 100_000  # That are kept; more than can be between a batch and its decisions' arrival.
ROWS_NEAR = 5_000  # Observed in a moment; of an offer further behind, a nearer one is asked for.
ROUNDS_MAX = 5
LOOK_SECONDS = 0.5

log = structlog.get_logger()


class _Kept(NamedTuple):
    positions: Ints
    columns: Columns


class Tail:
    """The last batches, whole; all that was accepted behind `start` is in it."""

    def __init__(self, start: int) -> None:
        """Nothing is kept yet."""
        self.start, self.rows = start, 0
        self.kept: deque[_Kept] = deque()

    def add(self, positions: Sequence[int], columns: Columns) -> None:
        """Keep a batch, and let go of the oldest ones where there are too many."""
        self.kept.append(_Kept(np.array(positions, np.int64), columns))
        self.rows += len(positions)
        while self.rows > ROWS_MAX and len(self.kept) > 1:
            oldest = self.kept.popleft()
            self.rows -= len(oldest.positions)
            self.start = int(oldest.positions[-1])

    def behind(self, position: int) -> Iterator[Columns]:
        """What was accepted behind a position that is not before the start."""
        for positions, columns in self.kept:
            first = int(np.searchsorted(positions, position, side="right"))
            if first < len(positions):
                yield _rows_from(first, columns)

    def rows_behind(self, position: int) -> int:
        """How many that is."""
        return sum(int((kept.positions > position).sum()) for kept in self.kept)


def _rows_from(row: int, columns: Columns) -> Columns:
    keys = {key: words[row:] for key, words in columns.keys.items()}
    occurred, clock = columns.occurred[row:], columns.clock[row:]
    return Columns(occurred, clock, columns.masks[row:], columns.cells[row:], keys)


@dataclass(slots=True)
class _Job:
    definitions: frozenset[str]
    warming: Warming
    rounds: int = 0
    ahead: Followed | None = None  # What was kept before a crash: good once the flow is there.

    def offer(self, seen: int) -> Followed | None:
        """What is offered now, or was and has been reached."""
        found = self.warming.offer() or self.ahead
        is_ahead = found is not None and found.position > seen
        self.ahead = found if is_ahead else None
        return None if is_ahead else found


@dataclass(slots=True)
class WarmStart:
    """Watches over the features of one shard; `missing` ones of its plan are on their way."""

    features: FeatureShard
    warmer: Warmer = field(default_factory=NoHistory)
    cell: int = 0
    seen: int = NOTHING
    tail: Tail = field(default_factory=lambda: Tail(NOTHING))
    jobs: list[_Job] = field(default_factory=list)
    grafted: dict[str, bool] = field(default_factory=dict)  # And whether a snapshot holds it.
    told: set[str] = field(default_factory=set)

    def take_up(self, cell: int, plan: Plan) -> None:
        """Go on with other definitions; before the first transaction no history is missing."""
        self.cell = cell
        before = held(self.features.plan)
        new = [item.fingerprint for item in plan.features if item.fingerprint not in before]
        self.features.adopt(plan.without(new if self.seen != NOTHING else ()))
        known = held(self.features.plan)
        self.tail = Tail(self.seen)
        self.grafted = {name: it for name, it in self.grafted.items() if name in known}
        self.told &= self.grafted.keys()
        self._end_jobs()
        self._measure()

    def observed(self, positions: Sequence[int], columns: Columns) -> None:
        """Note what the features have just observed."""
        self.seen = int(positions[-1])
        if self.features.plan.missing:
            self.tail.add(positions, columns)

    @property
    def is_busy(self) -> bool:
        """Whether there is something to look after."""
        return bool(self.features.plan.missing or self.grafted.keys() - self.told)

    def progress(self) -> float:
        """How much of the way is done, 0 to 1."""
        at_work = [job for job in self.jobs if job.definitions & self.features.plan.missing]
        return min((job.warming.progress() for job in at_work), default=1.0)

    def look(self) -> None:
        """Begin what has to be begun, and take what is offered near by."""
        self._begin_jobs()
        for job in self.jobs:
            offered = job.offer(self.seen)
            if offered is not None:
                self._consider(job, offered)
        self._measure()

    def _begin_jobs(self) -> None:
        begun = {name for job in self.jobs for name in job.definitions}
        new = self.features.plan.missing - begun
        if new:
            found = [item for item in self.features.plan.features if item.fingerprint in new]
            task = Task(
                cell=self.cell,
                shard=self.features.shard,
                shards=self.features.shards,
                definitions=tuple(item.definition for item in found),
            )
            job = _Job(frozenset(new), self.warmer.begin(task))
            job.warming.allow(self.seen)
            self.jobs.append(job)

    def _consider(self, job: _Job, offered: Followed, patience: int = ROUNDS_MAX) -> None:
        """Take an offer that the kept batches reach, and do not make wait for too long."""
        is_there = self.tail.start <= offered.position
        job.rounds += 1
        if is_there and (
            job.rounds >= patience or self.tail.rows_behind(offered.position) <= ROWS_NEAR
        ):
            self._graft(job, offered)
        else:
            job.warming.allow(self.seen)

    def _graft(self, job: _Job, offered: Followed) -> None:
        plan, other = self.features.plan, offered.shard
        wanted = job.definitions & plan.missing
        others = [item.fingerprint for item in plan.features if item.fingerprint not in wanted]
        other.adopt(plan.without(others))
        for columns in self.tail.behind(offered.position):
            other.observe(columns)
        graft(self.features, other)
        self.grafted |= dict.fromkeys(wanted, False)
        job.warming.stop()
        if not self.features.plan.missing:
            self.tail = Tail(self.seen)
        log.info("features are filled", cell=self.cell, count=len(wanted), position=self.seen)

    def switch_on(self, definition: str) -> None:
        """The record of a feature was read: make sure that it knows all that came before."""
        if definition in self.features.plan.missing:
            self._wait_for(definition)
        self.grafted.pop(definition, None)
        self._end_jobs()
        self._measure()

    def _wait_for(self, definition: str) -> None:
        log.info("waiting for a feature's history", cell=self.cell, definition=definition)
        self._begin_jobs()
        job = next(job for job in self.jobs if definition in job.definitions)
        while definition in self.features.plan.missing:
            self._measure()
            job.warming.wait(LOOK_SECONDS)
            offered = job.offer(self.seen)
            if offered is not None:
                self._consider(job, offered, patience=0)
            elif job.ahead is not None:  # It lies behind the record: too far.
                job.ahead = None
                job.warming.allow(self.seen)

    def _end_jobs(self) -> None:
        """End those that are no longer wanted: on, or not in the rule set any more."""
        wanted = self.features.plan.missing | self.grafted.keys()
        for job in self.jobs:
            if not job.definitions & wanted:
                job.warming.end()
        self.jobs = [job for job in self.jobs if job.definitions & wanted]

    def _measure(self) -> None:
        names = str(self.cell), str(self.features.shard)
        many = len(self.features.plan.missing) + len(self.grafted)
        metrics.WARMING_FEATURES.labels(*names).set(many)
        metrics.WARMING_DONE.labels(*names).set(self.progress())

    def news(self) -> list[str]:
        """The features to be switched on now, each once: a snapshot holds them."""
        new = [
            name for name, is_saved in self.grafted.items() if is_saved and name not in self.told
        ]
        self.told.update(new)
        return new

    def when_saved(self) -> Callable[[], None]:
        """What to call once the snapshot of what is now is certain to be found at a restart."""
        names = tuple(self.grafted)

        def note() -> None:
            self.grafted |= dict.fromkeys(self.grafted.keys() & names, True)

        return note

    def snapshot(self) -> dict[str, Any]:
        """Where it stands; what was grafted is in the same snapshot."""
        return {"cell": self.cell, "seen": self.seen, "grafted": tuple(self.grafted)}

    def restore(self, snapshot: dict[str, Any]) -> None:
        """Go on from a snapshot of the same shard."""
        self.cell, self.seen = snapshot["cell"], snapshot["seen"]
        self.grafted = dict.fromkeys(snapshot["grafted"], True)
        self.tail = Tail(self.seen)
