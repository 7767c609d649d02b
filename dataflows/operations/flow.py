"""The flow: observations of every watched partition ▸ one monitor, breakers by cell ▸ alerts.

A trip goes into the log first, where it takes effect, and then to people.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import bytewax.operators as op
import msgspec
from bytewax.dataflow import Dataflow
from bytewax.inputs import Source
from bytewax.outputs import DynamicSink, Sink, StatelessSinkPartition

from data_contracts import codec
from data_contracts.alert import Alert
from data_contracts.control import KIND_HEADER, ControlKind
from data_contracts.topics import Topic
from dataflows.connectors import key_of
from dataflows.operations import metrics
from dataflows.operations.breakers import Breakers, Trip
from dataflows.operations.monitor import Monitor
from dataflows.operations.observations import Observation
from dataflows.operations.source import Clock, Item
from rules.instants import epoch_ms
from rules.operation_rules import OperationRule
from runtime.kafka import Outbox

Told = Alert | Trip

SHARD = "operations"  # One for all: a window over a channel spans every cell.


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What the monitor is made with."""

    rules: Sequence[OperationRule]
    tenant: str
    cells: int
    clock: Clock

    def logic(self, snapshot: bytes | None) -> "Watching":
        """A new monitor, or the one that was."""
        now_ms = epoch_ms(self.clock())
        return Watching(Monitor(self.rules, self.tenant, self.cells, now_ms, snapshot))


class Watching(op.StatefulBatchLogic[Observation, Alert, bytes]):
    """The monitor as the engine wants it; the source says when time passes, so it needs no call."""

    def __init__(self, monitor: Monitor) -> None:
        """Carry the monitor."""
        self.monitor = monitor

    def on_batch(self, values: list[Observation]) -> tuple[list[Alert], bool]:
        """Take in observations, and tell what they show."""
        alerts = [alert for seen in values for alert in self.monitor.observe(seen)]
        _measure(self.monitor, values, alerts)
        return alerts, self.RETAIN

    def snapshot(self) -> bytes:
        """The state as bytes, at once: the engine writes it later."""
        return self.monitor.snapshot()


def _measure(monitor: Monitor, seen: Sequence[Observation], alerts: Sequence[Alert]) -> None:
    for observation in seen:
        stream = str(observation.stream)
        counted = sum(whole for whole, _ in observation.counts.values())
        metrics.OBSERVED.labels(stream).inc(counted)
        metrics.UNREADABLE.labels(stream).inc(observation.unreadable)
        metrics.AHEAD.labels(stream).inc(observation.ahead)
        lag = monitor.lag(observation.cell)
        metrics.WAITING.labels(observation.cell).set(lag.waiting if lag else 0)
        metrics.POSITION.labels(observation.cell).set(monitor.position(observation.cell))
    for stream, book in monitor.books().items():
        metrics.WATERMARK.labels(stream).set(max(0, book.watermark_ms) / 1_000)
        metrics.LATE.labels(stream).set(book.windows.late)
    for alert in alerts:
        metrics.ALERTS.labels(alert.rules[0]).inc()


class Breaking(op.StatefulBatchLogic[Observation, Trip, bytes]):
    """The breakers of one cell as the engine wants them."""

    def __init__(self, snapshot: bytes | None) -> None:
        """Begin anew, or go on."""
        self.breakers = (
            Breakers() if snapshot is None else msgspec.msgpack.decode(snapshot, type=Breakers)
        )

    def on_batch(self, values: list[Observation]) -> tuple[list[Trip], bool]:
        """Take in observations, and trip what they show to be too much."""
        trips = [trip for seen in values for trip in self.breakers.observe(seen)]
        for trip in trips:
            metrics.TRIPS.labels(trip.record.rule_id).inc()
        return trips, self.RETAIN

    def snapshot(self) -> bytes:
        """The state as bytes."""
        return msgspec.msgpack.encode(self.breakers)


@dataclass(slots=True)
class TellingPartition(StatelessSinkPartition[tuple[str, Told]]):
    """Writes alerts and trips; returns when they are acknowledged, or raises."""

    telling: "Telling"
    outbox: Outbox

    def write_batch(self, items: list[tuple[str, Told]]) -> None:
        """Send and wait, so that the epoch closes only over what was delivered."""
        for _, told in items:
            if isinstance(told, Trip):
                self._trip(told)
            alert = told.alert(self.telling.tenant) if isinstance(told, Trip) else told
            self.outbox.send(self.telling.alerts, codec.encode(alert), alert.alert_id.encode())
        self.outbox.flush()

    def _trip(self, trip: Trip) -> None:
        self.outbox.send(
            self.telling.log,
            codec.encode(trip.record),
            partition=trip.cell,
            headers=[(KIND_HEADER, ControlKind.BREAKER.value)],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling(DynamicSink[tuple[str, Told]]):
    """The topic of alerts and the log as one sink."""

    brokers: str
    alerts: Topic
    log: Topic
    tenant: str

    def build(self, _step_id: str, _worker_index: int, _worker_count: int) -> TellingPartition:
        """Open a producer."""
        return TellingPartition(self, Outbox.to(self.brokers))


def build(source: Source[Item], watch: Watch, sink: Sink[tuple[str, Told]]) -> Dataflow:
    """Put the flow together."""
    flow = Dataflow("operations")
    observed = op.input("observed", flow, source)  # (shard, Observation)
    alerts = op.stateful_batch("watch", observed, watch.logic)  # (shard, Alert)
    by_cell = op.map("by_cell", observed, lambda item: (key_of(item[1].cell), item[1]))
    trips = op.stateful_batch("breakers", by_cell, Breaking)  # (cell, Trip)
    op.output("alerts", op.merge("told", alerts, trips), sink)
    return flow
