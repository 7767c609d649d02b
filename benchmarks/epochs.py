"""How long an epoch's end holds scoring up: `python -m benchmarks.epochs [--at-once] [--json]`.

The flow in the engine with its recovery store, in memory but for that: first traffic of all the
accounts as fast as it goes, then batches that are due by the clock, whatever stalls. The clock of a
stall runs from the source's snapshot to its next batch. `--at-once` writes a snapshot while the
flow waits, as it was before; what the copies take is `copies_cpu_ms`.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from time import monotonic, perf_counter, process_time
from typing import Any

import numpy as np
from bytewax.inputs import FixedPartitionedSource, StatefulSourcePartition
from bytewax.outputs import DynamicSink, StatelessSinkPartition
from bytewax.run import cli_main

from benchmarks.scoring_traffic import START, shipped_rules
from dataflows import recovery
from dataflows.connectors import LogBatch, Logged, Read, Written, key_of
from dataflows.epochs import Offsets
from dataflows.scoring.compile_kernels import compile_kernels
from dataflows.scoring.flow import Scoring, build
from dataflows.scoring.process import few_collections
from dataflows.states import States
from watchkeeper.bench.scoring import Load, messages

BATCH = 500
CELL = 0
KEY = key_of(CELL)


@dataclass(slots=True)
class Watch:
    """What was seen once the accounts were known."""

    begun: float = 0.0
    due: dict[int, float] = field(default_factory=dict)  # By the batch's first position.
    latencies: list[float] = field(default_factory=list)
    stalls: list[tuple[float, float]] = field(default_factory=list)  # Seconds, of a processor.
    snapshot_at: tuple[float, float] | None = None

    def snapshot(self) -> None:
        """The source's: the end of an epoch."""
        self.snapshot_at = perf_counter(), process_time()

    def awake(self) -> None:
        """The source is asked again."""
        if self.snapshot_at is not None and self.begun:
            before, spent = self.snapshot_at
            self.stalls.append((perf_counter() - before, process_time() - spent))
        self.snapshot_at = None


@dataclass(slots=True)
class Part(StatefulSourcePartition[Read, int | None]):
    """All traffic: what is to be learnt at once, the rest by the clock."""

    traffic: "Traffic"
    offsets: Offsets | None
    offset: int = 0

    def next_batch(self) -> list[Read]:
        """The next batch, if it is due."""
        watch, traffic = self.traffic.watch, self.traffic
        watch.awake()
        if self.offset < traffic.warm_up:
            batch = next(traffic.learnt)
        else:
            watch.begun = watch.begun or monotonic()
            due = watch.begun + (self.offset - traffic.warm_up) / traffic.per_second
            if monotonic() < due:
                return []
            batch = next(traffic.paced)
            watch.due[batch.messages[0].offset] = due
        self.offset = batch.messages[-1].offset + 1
        turns = [] if self.offsets is None else self.offsets.turns(CELL, KEY)
        return [*((KEY, turn) for turn in turns), (KEY, batch)]

    def snapshot(self) -> int | None:
        """Where it is."""
        self.traffic.watch.snapshot()
        return self.offset if self.offsets is None else self.offsets.snapshot(self.offset)


@dataclass(slots=True)
class Traffic(FixedPartitionedSource[Read, int | None]):
    """The source of one run."""

    learnt: Iterator[LogBatch]
    paced: Iterator[LogBatch]
    warm_up: int
    per_second: float
    states: States | None
    watch: Watch

    def list_parts(self) -> list[str]:
        """One cell."""
        return [str(CELL)]

    def build_part(self, step_id: str, for_part: str, resume_state: int | None) -> Part:  # noqa: ARG002  (the engine's own signature)
        """Begin."""
        return Part(
            self, None if self.states is None else Offsets(resume_state, self.states.are_written)
        )


@dataclass(slots=True)
class Out(DynamicSink[Written], StatelessSinkPartition[Written]):
    """Notes when decisions leave."""

    watch: Watch

    def build(self, _step_id: str, _worker_index: int, _worker_count: int) -> "Out":
        """Itself."""
        return self

    def write_batch(self, items: list[Written]) -> None:
        """All that left with a batch left when the oldest that waits did."""
        for _ in items:
            if self.watch.due:
                due = self.watch.due.pop(next(iter(self.watch.due)))
                self.watch.latencies.append(monotonic() - due)


def _batches(found: Iterator[bytes], first: int) -> Iterator[LogBatch]:
    while raw := list(islice(found, BATCH)):
        yield LogBatch(CELL, [Logged(at, value) for at, value in enumerate(raw, first)])
        first += len(raw)


def measure(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """One run."""
    paced = int(options.per_second * options.seconds)
    load = Load(
        events=paced,
        warm_up=options.warm_up,
        accounts=options.accounts,
        batch=BATCH,
        per_second=options.per_second,
        snapshot_seconds=0,
        seed=1,
    )
    found, watch = messages(load), Watch()
    learnt = [shipped_rules(), *_batches(islice(found, options.warm_up), 1)]
    rest = list(_batches(found, 1 + options.warm_up))
    store = recovery.store(folder / "store")
    states = None if options.at_once else States.at(folder / "store" / "states")
    source = Traffic(
        iter(learnt),
        iter(rest),
        learnt[-1].messages[-1].offset + 1,
        options.per_second,
        states,
        watch,
    )
    scoring = Scoring(clock=lambda: START, states=states)
    with few_collections():
        cli_main(  # type: ignore[no-untyped-call]  # the engine comes without types
            build(source, scoring, Out(watch)),
            epoch_interval=timedelta(seconds=options.epoch_seconds),
            recovery_config=store,
        )
    return _told(watch)


def _told(watch: Watch) -> dict[str, Any]:
    wall, spent = (np.array(column) * 1e3 for column in zip(*watch.stalls[:-1], strict=True))
    p50, p95, p99, most = np.percentile(np.array(watch.latencies) * 1e3, [50, 95, 99, 100])
    children = getrusage(RUSAGE_CHILDREN)
    return {
        "epochs": len(wall),
        "stall_ms": round(float(np.median(wall)), 1),
        "stall_max_ms": round(float(wall.max()), 1),
        "stall_cpu_ms": round(float(np.median(spent)), 1),
        "latency_p50_ms": round(float(p50), 1),
        "latency_p95_ms": round(float(p95), 1),
        "latency_p99_ms": round(float(p99), 1),
        "latency_max_ms": round(float(most), 1),
        "copies_cpu_ms": round((children.ru_utime + children.ru_stime) * 1e3),
        "cpu_s": round(sum(getrusage(RUSAGE_SELF)[:2]), 1),
        "peak_memory_mib": getrusage(RUSAGE_SELF).ru_maxrss // 1024,
    }


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=100_000)
    parser.add_argument("--warm-up", type=int, default=600_000)
    parser.add_argument("--per-second", type=float, default=5_000)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--epoch-seconds", type=float, default=20)
    parser.add_argument("--at-once", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    sys.argv[1:] = []
    compile_kernels()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(options, Path(folder))
    if not options.json:
        for name, value in found.items():
            print(f"{name:>18} {value:>10,}")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
