"""The whole way measured: open loop in, and what becomes of each transaction on the other side."""

import platform
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import perf_counter, process_time

import msgspec
import numpy as np
import psutil
from rich.console import Console

from watchkeeper.bench.probes import (
    Decided,
    Marks,
    Usage,
    busy_seconds,
    decisions,
    ledger_marks,
    usage,
)
from watchkeeper.bench.statistics import (
    Latencies,
    committed_moments,
    due_moments,
    latencies,
    rate,
)
from watchkeeper.client import client_of
from watchkeeper.draining import drain, wait_settled
from watchkeeper.sending import Batch, Tally, made_ahead, run, send_on_time
from watchkeeper.simulator.run import batches
from watchkeeper.simulator.traffic import Plan, Traffic
from watchkeeper.simulator.world import build_world
from watchkeeper.stack.descriptor import Descriptor
from watchkeeper.stack.lifecycle import supervisor_of

MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What is sent: `seconds` are measured, the `warm_up` before them is not."""

    per_second: float
    seconds: float
    warm_up: float
    accounts: int
    batch: int
    seed: int


class ProcessCost(msgspec.Struct, frozen=True, kw_only=True):
    """What one process of the stack took, children included, memory that they share left out."""

    cpu_us_per_transaction: float
    cores: float
    rss_mib: float


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """Where it was measured: figures mean nothing without it."""

    cpu: str
    cores: int
    memory_gib: float
    system: str


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One line of JSON; latencies count from the moment at which a batch was due.

    `other_cores` is what the rest of the machine used meanwhile: much of it spoils the figures.
    """

    offered_per_second: float
    accepted_per_second: float
    decided_per_second: float
    seconds: float
    warm_up_seconds: float
    transactions: int
    batch: int
    accounts: int
    lost: int
    duplicated: int
    error_ratio: float
    retries: dict[str, int]
    restarts: int
    http_p50_ms: float | None
    http_p95_ms: float | None
    http_p99_ms: float | None
    decision_p50_ms: float | None
    decision_p95_ms: float | None
    decision_p99_ms: float | None
    ledger_p50_ms: float | None
    ledger_p95_ms: float | None
    ledger_p99_ms: float | None
    cpu_us_per_transaction: float
    load_cpu_us_per_transaction: float
    other_cores: float
    own_delay_max_ms: float
    processes: dict[str, ProcessCost]
    machine: Machine


@dataclass(slots=True, kw_only=True)
class Observed:
    """Everything that was seen of a run; moments are seconds since its start."""

    tally: Tally
    decided: Decided
    marks: Marks
    lost: int = 0
    duplicated: int = 0
    restarts: int = 0
    seconds: float = 0.0
    load_cpu_seconds: float = 0.0
    busy_seconds: float = 0.0
    used: dict[str, Usage]


def prepare(load: Load, now: datetime) -> tuple[Traffic, list[Batch]]:
    """Render everything before the clock starts, so that making it costs the run nothing."""
    world = build_world(load.seed, load.accounts)
    plan = Plan(
        seed=load.seed,
        start_ms=int(now.timestamp() * 1_000),
        per_second=load.per_second,
        seconds=load.warm_up + load.seconds,
    )
    traffic = Traffic(world, plan)
    return traffic, list(batches(traffic, load.batch))


def observe(
    descriptor: Descriptor,
    traffic: Traffic,
    ready: list[Batch],
    clock: Callable[[], datetime],
    console: Console,
) -> Observed:
    """Send it all, watch it come out at the other side, and wait until nothing is on its way."""
    observed = Observed(
        tally=Tally(),
        decided=Decided.of(traffic.run, traffic.plan.count),
        marks=Marks(),
        used={},
    )
    with ExitStack() as probes:
        probes.enter_context(decisions(descriptor.kafka, observed.decided))
        probes.enter_context(ledger_marks(descriptor.postgres, observed.marks))
        before, own, begun = usage(_pids(descriptor)), process_time(), perf_counter()
        busy = busy_seconds()
        run(_send(descriptor, ready, observed.tally, clock))
        observed.load_cpu_seconds = process_time() - own
        wait_settled(descriptor, console)
        after = usage(_pids(descriptor))
        observed.seconds = perf_counter() - begun
        observed.busy_seconds = busy_seconds() - busy
    drained = drain(descriptor, console)
    observed.restarts = sum(each.restarts for each in supervisor_of(descriptor).processes())
    observed.lost, observed.duplicated = drained.lost, drained.duplicated
    observed.used = {
        name: Usage(found.cpu_seconds - _seconds(before.get(name)), found.rss_bytes)
        for name, found in after.items()
    }
    return observed


async def _send(
    descriptor: Descriptor, ready: list[Batch], tally: Tally, clock: Callable[[], datetime]
) -> None:
    async with client_of(descriptor, "bench", clock) as client:
        await send_on_time(client, made_ahead(ready), tally)


def _seconds(found: Usage | None) -> float:
    return found.cpu_seconds if found else 0.0


def _pids(descriptor: Descriptor) -> dict[str, int]:
    return {each.name: each.pid for each in supervisor_of(descriptor).processes() if each.pid}


def report(load: Load, observed: Observed) -> Report:
    """Figures of the measured part of a run; costs are of the whole of it."""
    tally, decided = observed.tally, observed.decided
    count = len(decided.moments)
    due = due_moments(count, load.per_second, load.batch)
    measured = due >= load.warm_up
    decision = decided.moments - tally.started - due
    marks = np.array(observed.marks.positions, dtype=np.int64)
    booked = committed_moments(decided.positions, marks, np.array(observed.marks.moments))
    http = _http(tally, load.warm_up)
    in_ledger = latencies((booked - tally.started - due)[measured])
    to_decision = latencies(decision[measured])
    cpu = sum(used.cpu_seconds for used in observed.used.values())
    return Report(
        offered_per_second=load.per_second,
        accepted_per_second=_accepted_rate(tally, load),
        decided_per_second=rate(decided.moments, measured),
        seconds=load.seconds,
        warm_up_seconds=load.warm_up,
        transactions=count,
        batch=load.batch,
        accounts=load.accounts,
        lost=observed.lost,
        duplicated=observed.duplicated + decided.repeated,
        error_ratio=round(tally.errors / max(1, tally.sent), 6),
        retries=dict(tally.retries),
        restarts=observed.restarts,
        http_p50_ms=http.p50,
        http_p95_ms=http.p95,
        http_p99_ms=http.p99,
        decision_p50_ms=to_decision.p50,
        decision_p95_ms=to_decision.p95,
        decision_p99_ms=to_decision.p99,
        ledger_p50_ms=in_ledger.p50,
        ledger_p95_ms=in_ledger.p95,
        ledger_p99_ms=in_ledger.p99,
        cpu_us_per_transaction=round(cpu / count * MICROSECONDS, 1),
        load_cpu_us_per_transaction=round(observed.load_cpu_seconds / count * MICROSECONDS, 1),
        other_cores=round(_other_cores(observed, cpu), 2),
        own_delay_max_ms=round(tally.own_delay * 1_000, 1),
        processes=_costs(observed, count),
        machine=machine(),
    )


def _http(tally: Tally, warm_up: float) -> Latencies:
    found = [item.seconds for item in tally.answers if item.due >= warm_up]
    return latencies(np.array(found, dtype=np.float64))


def _accepted_rate(tally: Tally, load: Load) -> float:
    moments = np.array([item.due + item.seconds for item in tally.answers], dtype=np.float64)
    measured = np.array([item.due >= load.warm_up for item in tally.answers], dtype=np.bool_)
    return round(rate(moments, measured) * load.batch * tally.accepted / max(1, tally.sent), 1)


def _other_cores(observed: Observed, stack_seconds: float) -> float:
    ours = stack_seconds + observed.load_cpu_seconds
    return max(0.0, observed.busy_seconds - ours) / observed.seconds


def _costs(observed: Observed, count: int) -> dict[str, ProcessCost]:
    return {
        name: ProcessCost(
            cpu_us_per_transaction=round(used.cpu_seconds / count * MICROSECONDS, 1),
            cores=round(used.cpu_seconds / observed.seconds, 3),
            rss_mib=round(used.rss_bytes / 1024**2, 1),
        )
        for name, used in observed.used.items()
    }


def machine() -> Machine:
    """What this machine is."""
    return Machine(
        cpu=_cpu_model(),
        cores=psutil.cpu_count() or 0,
        memory_gib=round(psutil.virtual_memory().total / 1024**3, 1),
        system=platform.platform(terse=True),
    )


def _cpu_model() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
