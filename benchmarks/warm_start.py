"""What filling new features costs: `python -m benchmarks.warm_start [--archived 1000000] [--json]`.

An archive of that many transactions; scoring at 1,000 a second in memory with the shipped rules,
first alone, then while three new 30-day features are filled by a process of their own, then alone
again; and the moment in which the features come over. On a machine that others use, compare
processor times.
"""

import argparse
import json
import tempfile
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from time import perf_counter, process_time, thread_time
from typing import Any

import numpy as np

from benchmarks.scoring_traffic import messages, shipped_rules
from data_contracts import codec, ids
from data_contracts.decision import Decision, Verdict
from data_contracts.topics import DECISIONS
from data_contracts.transaction import Transaction
from dataflows.archiving import columns
from dataflows.connectors import LogBatch, Logged
from dataflows.scoring.compile_kernels import compile_kernels
from dataflows.scoring.following import Followed, Task
from dataflows.scoring.process import few_collections
from dataflows.scoring.scorer import Scorer
from dataflows.scoring.topics import Topics
from dataflows.scoring.warmers import WarmerProcesses, Warming
from rules.features.grafting import graft
from rules.features.plan import Plan
from rules.features.shard import FeatureShard
from rules.model import Aggregate, FeatureDefinition
from runtime.archive import Archive, Mark

DAY_MS = 86_400_000
BATCH, EVERY = 50, 0.05
ROWS = 50_000
QUIET_SECONDS = 20.0


def a_feature(name: str, aggregate: Aggregate, of: str | None, by: str) -> FeatureDefinition:
    """A feature over thirty days."""
    return FeatureDefinition(
        name=name,
        aggregate=aggregate,
        of=of,
        by=(by,),
        at=(by,),
        window_ms=30 * DAY_MS,
        tile_ms=DAY_MS // 2,
    )


NEW = (
    a_feature("merchants_30d", Aggregate.DISTINCT, "merchant_id", "account_id"),
    a_feature("amount_30d", Aggregate.SUM, "amount_minor", "account_id"),
    a_feature("payments_30d", Aggregate.COUNT, None, "merchant_id"),
)


def fill_archive(folder: Path, raw: list[bytes]) -> None:
    """Archive transactions as decided one after the other."""
    archive = Archive.open(folder)
    for start in range(0, len(raw), ROWS):
        part = [
            columns.row(_decision(position, codec.decode(value, Transaction)))
            for position, value in enumerate(raw[start : start + ROWS], start)
        ]
        table = columns.table(columns.Read(part, [0] * len(part), []))
        archive.append(table, 0, Mark(start + len(part) - 1, start + len(part)))


def _decision(position: int, transaction: Transaction) -> Decision:
    event = ids.event_id(transaction.tenant, transaction.transaction_id)
    return Decision(
        decision_id=ids.text(ids.derived_id(event, "decision")),
        event_id=ids.text(event),
        cell=0,
        position=position,
        verdict=Verdict.APPROVE,
        score=0,
        rule_set="",
        transaction=transaction,
    )


def batches(raw: list[bytes]) -> Iterator[LogBatch]:
    """The messages as small polls of a log, over and over."""
    position = 1
    while True:
        for start in range(0, len(raw), BATCH):
            part = raw[start : start + BATCH]
            yield LogBatch(0, [Logged(position + at, value) for at, value in enumerate(part)])
            position += 2_000_000  # So that none is a copy.


class Load:
    """Scoring at a steady pace."""

    def __init__(self, raw: list[bytes]) -> None:
        """Take up the shipped rules."""
        self.scorer, self.work = Scorer(Topics()), batches(raw)
        self.scorer.score(shipped_rules())
        self.pause = threading.Event()

    def run(self, seconds: float, warming: Warming | None = None) -> dict[str, Any]:
        """Score for so long, or until the offer is there; answers quantiles in milliseconds."""
        took: list[float] = []
        worked = thread_time()
        begun, due, offer = perf_counter(), perf_counter(), None
        while offer is None and (warming is not None or perf_counter() < begun + seconds):
            due += EVERY
            self.pause.wait(max(0.0, due - perf_counter()))
            batch, started = next(self.work), perf_counter()
            self.scorer.score(batch)
            took.append(perf_counter() - started)
            offer = None if warming is None else warming.offer()
        quantiles = (1e3 * np.quantile(took, (0.5, 0.95, 0.99, 1.0))).round(2).tolist()
        names = ("p50_ms", "p95_ms", "p99_ms", "max_ms")
        return {
            **dict(zip(names, quantiles, strict=True)),
            "processor_ms": round(1e3 * (thread_time() - worked) / len(took), 2),
            "seconds": round(perf_counter() - begun, 1),
            **({} if offer is None else {"offer": offer}),
        }


def coming_over(offer: Followed) -> dict[str, Any]:
    """How long the flow stands still when the features come over."""
    shard = FeatureShard(Plan.of(NEW, [item.fingerprint() for item in NEW]))
    began = process_time()
    graft(shard, offer.shard)
    return {"graft_ms": round(1e3 * (process_time() - began), 1), "state_bytes": shard.state_bytes}


def measured(archived: int, accounts: int, share: float) -> dict[str, Any]:
    """The figures of one run."""
    raw = messages(archived, accounts)
    with tempfile.TemporaryDirectory() as folder:
        fill_archive(Path(folder, "transactions"), raw)
        compile_kernels()
        warmer = WarmerProcesses(
            brokers="none is asked",
            decisions=DECISIONS,
            archive=Path(folder, "transactions"),
            folder=Path(folder, "warming"),
            share=share,
        )
        load = Load(raw[:100_000])
        with few_collections():
            load.run(timedelta(seconds=5).total_seconds())
            alone = load.run(QUIET_SECONDS)
            warming = warmer.begin(Task(cell=0, shard=0, shards=1, definitions=NEW))
            warming.allow(archived - 1)
            beside = load.run(0, warming)
            again = load.run(QUIET_SECONDS)
        warmer.close()
        for process in warmer.begun:
            process.thread.join()
    offer = beside.pop("offer")
    assert offer.position == archived - 1
    return {
        "archived": archived,
        "share": share,
        "filling_processor_seconds": round(getrusage(RUSAGE_CHILDREN).ru_utime, 1),
        "alone": alone,
        "beside": beside,
        "again": again,
        **coming_over(offer),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--archived", type=int, default=1_000_000)
    parser.add_argument("--accounts", type=int, default=100_000)
    parser.add_argument("--share", type=float, default=0.5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = measured(options.archived, options.accounts, options.share)
    if options.json:
        print(json.dumps(found))
        return
    seconds = found["beside"]["seconds"]
    print(f"{found['archived']:,} archived transactions for {len(NEW)} features: {seconds} s")
    print(f"  {found['filling_processor_seconds']} s of a processor, share {found['share']}")
    print("  a batch of 50, from when it was taken to its decisions:")
    for name in ("alone", "beside", "again"):
        of = found[name]
        times = "  ".join(f"{key[:-3]} {of[key]} ms" for key in of if key.endswith("_ms"))
        print(f"  {name:<7} {times}")
    print(f"  coming over: {found['graft_ms']} ms, {found['state_bytes']:,} bytes")


if __name__ == "__main__":
    main()
