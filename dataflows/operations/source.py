"""The watched topics as a source of observations: decoded where they are read, offset and all.

A partition tells when it has nothing more to read, once a second and only after the broker itself
said so: a broker that does not answer must not look like silence.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Event

from bytewax.inputs import FixedPartitionedSource, StatefulSourcePartition
from confluent_kafka import KafkaException

from data_contracts.topics import DECISIONS, REJECTED, TRANSACTIONS, Topic
from dataflows.operations.observations import (
    DecisionObserver,
    LogObserver,
    Observation,
    Observer,
    RejectedObserver,
    Stream,
)
from rules.instants import epoch_ms
from runtime.kafka import UNHURRIED, Reader, bounds, partitions

GROUP = "operations"
BATCH_MAX = 2_000
POLL_EVERY = timedelta(milliseconds=200)
TELL_EVERY = timedelta(seconds=1)
ANSWER_SECONDS_MAX = 1.0  # The engine waits meanwhile, and so does a signal to stop.

Clock = Callable[[], datetime]
Place = tuple[int, int]  # next offset, highest settled position
Item = tuple[str, Observation]


class MissingPartitions(RuntimeError):
    """A topic with fewer partitions than there are cells: make them, then start again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Topics:
    """Which topics are watched."""

    log: Topic = TRANSACTIONS
    decisions: Topic = DECISIONS
    rejected: Topic = REJECTED

    def of(self, stream: Stream) -> Topic:
        """The topic of a stream."""
        return {
            Stream.LOG: self.log,
            Stream.DECISIONS: self.decisions,
            Stream.REJECTED: self.rejected,
        }[stream]


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What to read, and how it is counted."""

    brokers: str
    topics: Topics
    cells: int
    tile_ms: int
    tenant: str

    def observer(self, stream: Stream, settled: int) -> Observer:
        """The reader of a stream's messages, with its memory."""
        match stream:
            case Stream.LOG:
                return LogObserver(self.tile_ms, settled)
            case Stream.DECISIONS:
                return DecisionObserver(self.tile_ms, self.tenant, settled)
            case Stream.REJECTED:
                return RejectedObserver(self.tile_ms, self.tenant, settled)


@dataclass(slots=True)
class Partition(StatefulSourcePartition[Item, Place]):
    """One partition of one topic; ends when told to stop."""

    reader: Reader
    observer: Observer
    stream: Stream
    key: str
    clock: Clock
    stopped: Event
    due_at: datetime | None = None
    told_at: datetime | None = None

    def next_batch(self) -> list[Item]:
        """What is there, or that there is nothing; never waits for messages."""
        if self.stopped.is_set():
            raise StopIteration
        now = self.clock()
        batch = self.reader.poll(BATCH_MAX)
        self.due_at = None if len(batch.messages) == BATCH_MAX else now + POLL_EVERY
        if batch.messages:
            seen = self.observer.observe(batch.partition, batch.messages)
            return [(self.key, self._caught_up(seen, now) if batch.is_caught_up else seen)]
        if self.told_at is not None and now < self.told_at + TELL_EVERY:
            return []
        self.told_at = now
        nothing = Observation(stream=self.stream, cell=batch.partition)
        return [(self.key, self._caught_up(nothing, now))] if self._is_at_end() else []

    def _caught_up(self, seen: Observation, now: datetime) -> Observation:
        return replace(seen, caught_up_ms=epoch_ms(now))

    def _is_at_end(self) -> bool:
        reader = self.reader
        try:
            where = reader.consumer, reader.topic, reader.partition
            _, end = bounds(*where, seconds=ANSWER_SECONDS_MAX)
        except KafkaException:
            return False  # No answer: perhaps there is more, so nothing is said.
        return end <= reader.next_offset

    def next_awake(self) -> datetime | None:
        """When there is something to do again."""
        return self.due_at

    def snapshot(self) -> Place:
        """Where to go on."""
        return self.reader.next_offset, self.observer.settled

    def close(self) -> None:
        """Leave the broker."""
        self.reader.close()


@dataclass(frozen=True, slots=True)
class Observations(FixedPartitionedSource[Item, Place]):
    """Every partition of every watched topic; all of them under one key."""

    watched: Watched
    key: str
    clock: Clock
    stopped: Event

    def list_parts(self) -> list[str]:
        """One part for each cell of each stream; every topic has to have that many partitions."""
        for stream in Stream:
            _check(self.watched, self.watched.topics.of(stream))
        return [f"{stream}/{cell}" for stream in Stream for cell in range(self.watched.cells)]

    def build_part(self, step_id: str, for_part: str, resume_state: Place | None) -> Partition:  # noqa: ARG002  (the engine's own signature)
        """Open a partition where it was left."""
        name, _, cell = for_part.partition("/")
        stream = Stream(name)
        offset, settled = resume_state if resume_state is not None else (None, -1)
        topic = self.watched.topics.of(stream)
        reader = _reader(self.watched.brokers, topic, int(cell), offset)
        observer = self.watched.observer(stream, settled)
        return Partition(reader, observer, stream, self.key, self.clock, self.stopped)


def _check(watched: Watched, topic: Topic) -> None:
    found = len(partitions(watched.brokers, topic.name))
    if found < watched.cells:
        raise MissingPartitions(f"{topic.name} has {found} partitions, {watched.cells} are wanted")


def _reader(brokers: str, topic: Topic, cell: int, offset: int | None) -> Reader:
    """Open a partition; what the broker has forgotten meanwhile can not be watched any more."""
    reader = Reader.at(brokers, GROUP, topic, cell, offset, **UNHURRIED)
    if offset is not None and offset < bounds(reader.consumer, topic.name, cell)[0]:
        reader.close()
        reader = Reader.at(brokers, GROUP, topic, cell, None, **UNHURRIED)
    return reader
