"""Scoring without a broker: a log that somebody holds goes through the flow itself, in memory."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from bytewax.inputs import DynamicSource, StatelessSourcePartition
from bytewax.outputs import DynamicSink, StatelessSinkPartition
from bytewax.run import cli_main

from data_contracts import codec
from data_contracts.control import ControlKind, RuleSetRecord
from dataflows.connectors import BATCH_MAX, Clock, Letter, LogBatch, Logged, Read, Written, key_of
from dataflows.scoring import changes
from dataflows.scoring.flow import Scoring, build
from rules.model import RuleSet
from rules.rule_set import pack

CELL = 0
NEVER = timedelta(days=365)  # Nothing is to be recovered: no snapshot is taken before the end.

Take = Callable[[Sequence[Letter]], None]


def decide(messages: Iterable[bytes], rule_set: RuleSet, clock: Clock, take: Take) -> None:
    """Give `take` the letters that scoring sends for these transactions, in order of position.

    The rule set stands before the first of them in the log, as if it had always been there; one
    that scoring would not take up raises `ContractViolation`.
    """
    control = _record(rule_set, clock())
    changes.read(control)
    source = _Source(_batches(control, messages))
    flow = build(source, Scoring(clock=clock), _Sink(take))
    cli_main(flow, epoch_interval=NEVER)  # type: ignore[no-untyped-call]  # the engine comes without types


def _record(rule_set: RuleSet, published_at: datetime) -> Logged:
    record = RuleSetRecord(
        rule_set=rule_set.fingerprint(),
        document=pack(rule_set),
        published_by="offline",
        published_at=published_at,
    )
    return Logged(0, codec.encode(record), kind=ControlKind.RULE_SET)


def _batches(control: Logged, messages: Iterable[bytes]) -> Iterator[LogBatch]:
    yield LogBatch(CELL, [control])
    batch: list[Logged] = []
    for offset, message in enumerate(messages, 1):
        batch.append(Logged(offset, message))
        if len(batch) == BATCH_MAX:
            yield LogBatch(CELL, batch)
            batch = []
    if batch:
        yield LogBatch(CELL, batch)


class _Reading(StatelessSourcePartition[Read]):
    def __init__(self, batches: Iterator[LogBatch]) -> None:
        self.batches = batches

    def next_batch(self) -> list[Read]:
        return [(key_of(CELL), next(self.batches))]  # At the end the engine is told so.


class _Source(DynamicSource[Read]):
    def __init__(self, batches: Iterator[LogBatch]) -> None:
        self.batches = batches

    def build(self, _step_id: str, _worker_index: int, _worker_count: int) -> _Reading:
        return _Reading(self.batches)


class _Writing(StatelessSinkPartition[Written]):
    def __init__(self, take: Take) -> None:
        self.take = take

    def write_batch(self, items: list[Written]) -> None:
        for _, letters in items:
            self.take(letters)


class _Sink(DynamicSink[Written]):
    def __init__(self, take: Take) -> None:
        self.take = take

    def build(self, _step_id: str, _worker_index: int, _worker_count: int) -> _Writing:
        return _Writing(self.take)
