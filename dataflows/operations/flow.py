"""The flow: observations of every watched partition ▸ one monitor ▸ alerts."""

from collections.abc import Sequence
from dataclasses import dataclass

import bytewax.operators as op
from bytewax.dataflow import Dataflow
from bytewax.inputs import Source
from bytewax.outputs import DynamicSink, Sink, StatelessSinkPartition

from data_contracts import codec
from data_contracts.alert import Alert
from data_contracts.topics import Topic
from dataflows.operations import metrics
from dataflows.operations.monitor import Monitor
from dataflows.operations.observations import Observation
from dataflows.operations.source import Clock, Item
from rules.instants import epoch_ms
from rules.operation_rules import OperationRule
from runtime.kafka import Outbox

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
    for stream, book in monitor.books().items():
        metrics.WATERMARK.labels(stream).set(max(0, book.watermark_ms) / 1_000)
        metrics.LATE.labels(stream).set(book.windows.late)
    for alert in alerts:
        metrics.ALERTS.labels(alert.rules[0]).inc()


class AlertPartition(StatelessSinkPartition[tuple[str, Alert]]):
    """Writes alerts; returns when they are acknowledged, or raises."""

    def __init__(self, outbox: Outbox, topic: Topic) -> None:
        """Write to a topic of one partition."""
        self.outbox, self.topic = outbox, topic

    def write_batch(self, items: list[tuple[str, Alert]]) -> None:
        """Send and wait, so that the epoch closes only over what was delivered."""
        for _, alert in items:
            self.outbox.send(self.topic, codec.encode(alert), alert.alert_id.encode())
        self.outbox.flush()


@dataclass(frozen=True, slots=True)
class Alerts(DynamicSink[tuple[str, Alert]]):
    """The topic of alerts as a sink."""

    brokers: str
    topic: Topic

    def build(self, _step_id: str, _worker_index: int, _worker_count: int) -> AlertPartition:
        """Open a producer."""
        return AlertPartition(Outbox.to(self.brokers), self.topic)


def build(source: Source[Item], watch: Watch, sink: Sink[tuple[str, Alert]]) -> Dataflow:
    """Put the flow together."""
    flow = Dataflow("operations")
    observed = op.input("observed", flow, source)  # (shard, Observation)
    alerts = op.stateful_batch("watch", observed, watch.logic)  # (shard, Alert)
    op.output("alerts", alerts, sink)
    return flow
