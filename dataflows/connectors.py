"""Kafka for Bytewax: one item is one poll, offsets are explicit, and nothing is lost in silence.

The offset to go on from is part of the flow's snapshot. A message with the header `kind` is an
item of its own, so that what it changes takes effect exactly between its neighbours.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from threading import Event
from typing import NamedTuple

from bytewax.inputs import FixedPartitionedSource, StatefulSourcePartition
from bytewax.outputs import FixedPartitionedSink, StatefulSinkPartition
from confluent_kafka import Message, TopicPartition

from data_contracts.control import KIND_HEADER
from data_contracts.topics import Topic
from dataflows.epochs import Offsets, Turn
from runtime.kafka import ExpiredOffset, Headers, Outbox, Reader, bounds, kind_of, partitions

POLL_EVERY = timedelta(milliseconds=40)
BATCH_MAX = 1_000

Clock = Callable[[], datetime]
TellLag = Callable[[int, int], None]  # cell, messages that wait


class Logged(NamedTuple):
    """A message of a log as plain values; `kind` is that of a control record, else None."""

    offset: int
    value: bytes
    key: bytes | None = None
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class LogBatch:
    """Neighbours in a partition: any number of transactions, or one control record."""

    cell: int
    messages: Sequence[Logged]

    @property
    def is_control(self) -> bool:
        """Whether it is a control record."""
        return self.messages[0].kind is not None


class Letter(NamedTuple):
    """A message to be sent; `kind` is that of a control record, else None."""

    topic: Topic
    value: bytes
    key: bytes | None = None
    kind: str | None = None

    @property
    def headers(self) -> Headers | None:
        """What is sent beside it."""
        return None if self.kind is None else [(KIND_HEADER, self.kind)]


Read = tuple[str, LogBatch | Turn]
Written = tuple[str, Sequence[Letter]]


def key_of(cell: int) -> str:
    """The state key of a cell."""
    return f"cell-{cell}"


def cell_of(key: str) -> int:
    """The cell of such a key."""
    return int(key.removeprefix("cell-"))


def cut(cell: int, messages: Iterable[Logged]) -> list[LogBatch]:
    """Cut a poll before and after each control record."""
    batches: list[LogBatch] = []
    for is_control, group in groupby(messages, lambda message: message.kind is not None):
        found = list(group)
        parts = [[message] for message in found] if is_control else [found]
        batches += [LogBatch(cell, part) for part in parts]
    return batches


@dataclass(slots=True)
class LogPartition(StatefulSourcePartition[Read, int | None]):
    """One partition of the log; ends when told to stop."""

    reader: Reader
    source: "LogSource"
    offsets: Offsets
    due_at: datetime | None = None

    def next_batch(self) -> list[Read]:
        """What is there; never waits."""
        if self.source.stopped.is_set():
            return self._last()
        batch = self.reader.poll(BATCH_MAX)
        is_full = len(batch.messages) == BATCH_MAX
        self.due_at = None if is_full else self.source.clock() + POLL_EVERY
        self._tell_lag()
        cell, key = batch.partition, key_of(batch.partition)
        batches = cut(cell, map(logged, batch.messages))
        items: list[LogBatch | Turn] = [*self.offsets.turns(cell, key), *batches]
        return [(key, item) for item in items]

    def _last(self) -> list[Read]:
        if self.offsets.is_last:
            raise StopIteration
        self.due_at, key = None, key_of(self.reader.partition)
        turns = self.offsets.turns(self.reader.partition, key, is_last=True)
        return [(key, turn) for turn in turns]

    def _tell_lag(self) -> None:
        where = TopicPartition(self.reader.topic, self.reader.partition)
        _, end = self.reader.consumer.get_watermark_offsets(where, cached=True)
        self.source.tell_lag(self.reader.partition, max(0, end - self.reader.next_offset))

    def next_awake(self) -> datetime | None:
        """When to ask again; told more than once, so it must not be worked out anew."""
        return self.due_at

    def snapshot(self) -> int | None:
        """The offset to go on from."""
        return self.offsets.snapshot(self.reader.next_offset)

    def close(self) -> None:
        """Leave the broker."""
        self.reader.close()


def logged(message: Message) -> Logged:
    """The plain values of a message."""
    offset, value, key = message.offset(), message.value(), message.key()
    assert offset is not None
    return Logged(offset, _bytes(value) or b"", _bytes(key), kind_of(message))


def _bytes(found: object) -> bytes | None:
    return found.encode() if isinstance(found, str) else found if isinstance(found, bytes) else None


@dataclass(frozen=True, slots=True)
class LogSource(FixedPartitionedSource[Read, int | None]):
    """All partitions of a log."""

    brokers: str
    group: str
    topic: Topic
    clock: Clock
    stopped: Event
    tell_lag: TellLag
    are_written: Callable[[], bool]

    def list_parts(self) -> list[str]:
        """The partitions there are, asked once at the start and with a limit on the wait."""
        return [str(number) for number in partitions(self.brokers, self.topic.name)]

    def build_part(self, step_id: str, for_part: str, resume_state: int | None) -> LogPartition:  # noqa: ARG002  (the engine's own signature)
        """Open a partition where it was left, or at its very first message."""
        reader = Reader.at(self.brokers, self.group, self.topic, int(for_part), resume_state)
        if resume_state is None:
            low, _ = bounds(reader.consumer, self.topic.name, int(for_part))
            if low > 0:
                reader.close()
                raise ExpiredOffset(
                    f"{self.topic.name}/{for_part} begins at {low}: what came before is gone, and "
                    "with it what decisions depend on. Restore the recovery store of this flow."
                )
        return LogPartition(reader, self, Offsets(resume_state, self.are_written))


@dataclass(slots=True)
class LetterPartition(StatefulSinkPartition[Sequence[Letter], None]):
    """Sends to one partition of each topic; an epoch closes only over what was acknowledged."""

    outbox: Outbox
    partition: int

    def write_batch(self, values: list[Sequence[Letter]]) -> None:
        """Queue them, and raise what became of those before."""
        for letters in values:
            for letter in letters:
                self.outbox.send(
                    letter.topic, letter.value, letter.key, self.partition, letter.headers
                )
        self.outbox.check()

    def snapshot(self) -> None:
        """Wait until all is acknowledged: the engine asks before it closes the epoch."""
        self.outbox.flush()

    def close(self) -> None:
        """The same at the end."""
        self.outbox.flush()


@dataclass(frozen=True, slots=True)
class LetterSink(FixedPartitionedSink[Sequence[Letter], None]):
    """Topics that have as many partitions as the log; a cell's letters go to its partition."""

    brokers: str
    cells: Sequence[int]

    def list_parts(self) -> list[str]:
        """One for each cell, named so that the engine's order is that of the numbers."""
        return [f"{cell:04d}" for cell in self.cells]

    def part_fn(self, item_key: str) -> int:
        """The partition of a cell."""
        return self.cells.index(cell_of(item_key))

    def build_part(self, step_id: str, for_part: str, resume_state: None) -> LetterPartition:  # noqa: ARG002  (the engine's own signature)
        """Open a producer."""
        return LetterPartition(Outbox.to(self.brokers), int(for_part))
