"""What scoring costs, in memory and on one core: `python -m benchmarks.scoring [--json]`.

Encoded messages in batches of 500 ▸ decode ▸ features ▸ rules ▸ encoded decisions, with the shipped
rules and a snapshot after every five seconds of work. The first half warms; the second is measured.
"""

import argparse
import json
import os
import pickle
import platform
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.scoring_traffic import messages
from data_contracts import codec
from data_contracts.control import ControlKind, RuleSetRecord
from dataflows.connectors import LogBatch, Logged
from dataflows.scoring.compile_kernels import compile_kernels
from dataflows.scoring.process import few_collections
from dataflows.scoring.scorer import Scorer, settled
from dataflows.scoring.topics import Topics
from rules.rule_set import load_catalogue, pack
from tests.factories import NOON

CATALOGUE = Path(__file__).parents[1] / "rules" / "catalogue"
BATCH, SNAPSHOT_SECONDS = 500, 5.0

Stages = Counter[str]


@contextmanager
def timed(stages: Stages, name: str) -> Iterator[None]:
    """Add the processor time of a block, in nanoseconds, to a stage."""
    started = time.process_time_ns()
    yield
    stages[name] += time.process_time_ns() - started


def shipped_rules() -> LogBatch:
    """The record that takes up the shipped catalogue."""
    rule_set, mistakes = load_catalogue(CATALOGUE)
    assert not mistakes, mistakes
    record = RuleSetRecord(
        rule_set=rule_set.fingerprint(),
        document=pack(rule_set),
        published_by="bench",
        published_at=NOON,
    )
    return LogBatch(0, [Logged(0, codec.encode(record), None, ControlKind.RULE_SET)])


def batches(raw: list[bytes]) -> list[LogBatch]:
    """The messages as polls of a log, behind the rules."""
    logged = [Logged(position, value) for position, value in enumerate(raw, 1)]
    return [LogBatch(0, logged[at : at + BATCH]) for at in range(0, len(logged), BATCH)]


def score(scorer: Scorer, work: list[LogBatch], stages: Stages) -> int:
    """Take every batch to its letters; answers how many there are."""
    count, worked = 0, 0
    for batch in work:
        before = sum(stages.values())
        with timed(stages, "intake"):
            taken = scorer.intake.take(batch)
        assert taken.columns is not None
        with timed(stages, "features"):
            answers = scorer.features.observe(taken.columns)
        with timed(stages, "decisions"):
            count += len(settled(scorer.judge, taken.work, taken.columns.clock, answers).letters)
        worked += sum(stages.values()) - before
        if worked > SNAPSHOT_SECONDS * 1e9:
            worked = 0
            with timed(stages, "snapshots"):
                pickle.dumps(scorer.snapshot())
    return count


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=400_000)
    parser.add_argument("--accounts", type=int, default=100_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = measured(options.events, options.accounts)
    if options.json:
        print(json.dumps(found))
        return
    print(f"{found['events_per_second']:,} events/s on one core of {platform.machine()}")
    for stage, microseconds in found["us_per_event"].items():
        print(f"  {stage:<10} {microseconds:6.2f} us an event")
    print(f"  {found['state_bytes_per_account']:,} bytes of features an account")


def measured(events: int, accounts: int) -> dict[str, Any]:
    """The figures of one run, pinned to one core."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    work = batches(messages(events, accounts))
    compile_kernels()
    scorer = Scorer(Topics())
    scorer.score(shipped_rules())
    half = len(work) // 2
    with few_collections():
        score(scorer, work[:half], Counter())
        stages: Stages = Counter()
        count = score(scorer, work[half:], stages)
    state = scorer.features.state_bytes
    return {
        "events_per_second": round(count * 1e9 / sum(stages.values())),
        "us_per_event": {name: round(ns / 1e3 / count, 2) for name, ns in stages.items()},
        "state_bytes_per_account": round(state / accounts),
    }


if __name__ == "__main__":
    main()
