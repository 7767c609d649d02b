from datetime import UTC, datetime

import msgspec
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from api.monitoring import Observed, snapshot
from data_contracts.monitoring import Snapshot

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def scoring_text() -> str:
    registry = CollectorRegistry()
    decisions = Counter("watchkeeper_scoring_decisions_total", "-", ["verdict"], registry=registry)
    decisions.labels("approve").inc(90)
    decisions.labels("decline").inc(10)
    Gauge("watchkeeper_scoring_position", "-", ["cell"], registry=registry).labels("0").set(99)
    Gauge("process_resident_memory_bytes", "-", registry=registry).set(5e6)
    seconds = Histogram(
        "watchkeeper_scoring_decision_seconds", "-", buckets=(0.1, 1.0), registry=registry
    )
    for value in (0.05, 0.05, 0.5, 3.0):
        seconds.observe(value)
    return generate_latest(registry).decode()


def api_text() -> str:
    registry = CollectorRegistry()
    taken = Counter("watchkeeper_api_transactions_total", "-", ["result"], registry=registry)
    taken.labels("accepted").inc(7)
    taken.labels("duplicate").inc(2)
    refused = Counter("watchkeeper_api_refusals_total", "-", ["code"], registry=registry)
    refused.labels("currency").inc(3)
    refused.labels("card-number").inc(1)
    return generate_latest(registry).decode()


def test_a_snapshot_says_what_the_processes_say() -> None:
    observed = Observed(
        texts={"api": api_text(), "scoring": scoring_text(), "posting": None},
        servers={"kafka": True, "redis": False},
        log_end=120,
        dead_letters=2,
    )
    seen = snapshot(observed, NOON)
    assert (seen.taken_at, seen.log_end, seen.servers) == (NOON, 120, observed.servers)
    assert seen.dead_letters == 2
    assert (seen.accepted, seen.refused) == (7, 4)
    assert seen.decisions == {"approve": 90, "decline": 10}
    assert seen.decision_seconds is not None
    assert list(seen.decision_seconds.counts) == [2, 3]
    assert seen.decision_seconds.count == 4
    assert msgspec.json.decode(msgspec.json.encode(seen), type=Snapshot) == seen
    states = {process.name: process for process in seen.processes}
    assert (states["scoring"].position, states["scoring"].resident_bytes) == (99, 5_000_000)
    assert {name for name, state in states.items() if state.is_up} == {"api", "scoring"}
    assert states["api"].position is None


def test_positions_of_several_cells_are_added_up() -> None:
    registry = CollectorRegistry()
    position = Gauge("watchkeeper_posting_position", "-", ["cell"], registry=registry)
    position.labels("0").set(40)
    position.labels("1").set(2)
    text = generate_latest(registry).decode()
    seen = snapshot(Observed(texts={"posting": text}, servers={}, log_end=0), NOON)
    assert seen.processes[0].position == 42
