"""Rates, latencies and lag out of two snapshots of counters; all pure."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from data_contracts.monitoring import Histogram, ProcessHealth, Snapshot
from streamlit_app import words

VERDICTS = ("approve", "review", "decline")
BEHIND_MAX = 20_000  # Positions: some seconds at full speed.


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """What happened between two snapshots; seconds, and things per second.

    `behind` says of each process that follows the log how many positions it was behind its end.
    """

    at: datetime
    accepted_per_second: float
    refused_per_second: float
    decided_per_second: dict[str, float]
    accept_p95_seconds: float | None
    decision_p50_seconds: float | None
    decision_p95_seconds: float | None
    decision_p99_seconds: float | None
    behind: dict[str, int]

    @property
    def all_decided_per_second(self) -> float:
        """Whatever the verdict."""
        return sum(self.decided_per_second.values())

    @property
    def flagged_share(self) -> float | None:
        """How many of the decisions did not approve; None where nothing was decided."""
        everything = self.all_decided_per_second
        return 1 - self.decided_per_second["approve"] / everything if everything else None


def measure(before: Snapshot, after: Snapshot) -> Measure:
    """Compare two snapshots; a counter that went back was restarted and counts from zero."""
    seconds = max((after.taken_at - before.taken_at).total_seconds(), 1e-3)
    return Measure(
        at=after.taken_at,
        accepted_per_second=grown(before.accepted, after.accepted) / seconds,
        refused_per_second=grown(before.refused, after.refused) / seconds,
        decided_per_second={
            verdict: grown(before.decisions.get(verdict, 0), after.decisions.get(verdict, 0))
            / seconds
            for verdict in VERDICTS
        },
        accept_p95_seconds=quantile(0.95, before.accept_seconds, after.accept_seconds),
        decision_p50_seconds=quantile(0.50, before.decision_seconds, after.decision_seconds),
        decision_p95_seconds=quantile(0.95, before.decision_seconds, after.decision_seconds),
        decision_p99_seconds=quantile(0.99, before.decision_seconds, after.decision_seconds),
        behind={
            process.name: distance
            for process in after.processes
            if (distance := lag(after, process.name)) is not None
        },
    )


def measures(snapshots: Sequence[Snapshot]) -> list[Measure]:
    """One measure for each pair of neighbours."""
    return [measure(*pair) for pair in itertools.pairwise(snapshots)]


def recent(snapshots: Sequence[Snapshot], seconds: float) -> list[Snapshot]:
    """The snapshots that were taken within so many seconds of the last one."""
    return [
        snapshot
        for snapshot in snapshots
        if (snapshots[-1].taken_at - snapshot.taken_at).total_seconds() <= seconds
    ]


def grown(before: float, after: float) -> float:
    """How far a counter has come."""
    return after - before if after >= before else after


def quantile(rank: float, before: Histogram | None, after: Histogram | None) -> float | None:
    """The value in seconds below which `rank` of the new observations lie; None without any."""
    if after is None:
        return None
    *new, everything = _new_counts(before, after)
    if everything <= 0:
        return None
    wanted, below, floor = rank * everything, 0.0, 0.0
    for bound, count in zip(after.bounds, new, strict=True):
        if count >= wanted:
            return floor + (bound - floor) * (wanted - below) / max(count - below, 1e-9)
        below, floor = count, bound
    return floor


def _new_counts(before: Histogram | None, after: Histogram) -> list[float]:
    found = [*after.counts, after.count]
    if before is None or before.bounds != after.bounds or before.count > after.count:
        return found
    return [new - old for new, old in zip(found, [*before.counts, before.count], strict=True)]


def lag(snapshot: Snapshot, process: str) -> int | None:
    """How many positions a process is behind the end of the log; None where it has none."""
    position = process_of(snapshot, process).position
    return None if position is None else max(snapshot.log_end - position - 1, 0)


def process_of(snapshot: Snapshot, name: str) -> ProcessHealth:
    """The process of that name; one that is down where it is unknown."""
    return next(
        (process for process in snapshot.processes if process.name == name),
        ProcessHealth(name=name, is_up=False),
    )


def troubles(snapshot: Snapshot, *, rules_held: int = 0) -> list[str]:
    """What an operator should look at, in words; empty when all is well."""
    down = [f"{name} does not answer" for name, is_up in snapshot.servers.items() if not is_up]
    down += [f"{process.name} is down" for process in snapshot.processes if not process.is_up]
    behind = [
        f"{process.name} is {distance:,} positions behind"
        for process in snapshot.processes
        if (distance := lag(snapshot, process.name)) is not None and distance > BEHIND_MAX
    ]
    held = words.some(rules_held, "rule is held in shadow", "rules are held in shadow")
    letters = words.some(snapshot.dead_letters or 0, "dead letter waits", "dead letters wait")
    return down + behind + held + letters


def cpu_share(before: Snapshot, after: Snapshot, process: str) -> float | None:
    """How much of one core the process took between two snapshots; None where it is down."""
    old, new = process_of(before, process), process_of(after, process)
    seconds = (after.taken_at - before.taken_at).total_seconds()
    if not new.is_up or seconds <= 0:
        return None
    return grown(old.cpu_seconds, new.cpu_seconds) / seconds
