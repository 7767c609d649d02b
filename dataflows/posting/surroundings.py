"""What every loop of posting works with, and how it goes on when Postgres is away."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event
from typing import TypeVar

from confluent_kafka import TopicPartition

from data_contracts.topics import ALERTS, DECISIONS, REJECTED, RESOLUTIONS, Topic
from dataflows.posting import metrics
from ledger.ports import Books
from ledger.postgres import PostgresBooks
from ledger.remembered import Remembered
from ledger.values import Effects, Watermark
from runtime import postgres
from runtime.kafka import Batch, Outbox, Reader

GROUP = "posting"
OUTAGE_SECONDS_MAX = 60.0

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Topics:
    """Where everything comes from and goes to."""

    decisions: Topic = DECISIONS
    resolutions: Topic = RESOLUTIONS
    rejected: Topic = REJECTED
    alerts: Topic = ALERTS


def _nothing_is_kept(_effects: Effects) -> None:
    """For those who keep no copies of balances."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Addresses, topics, the two clocks, and the wish to stop."""

    brokers: str
    dsn: str
    topics: Topics
    stopped: Event
    now: Callable[[], datetime]
    clock: Callable[[], float]
    hold_limit: timedelta = timedelta(days=7)
    remembered: Remembered = field(default_factory=Remembered)
    forget: Callable[[Effects], None] = _nothing_is_kept

    def settled(self, effects: Effects) -> None:
        """Count what a batch did, and let nobody keep what it has moved."""
        metrics.count(effects)
        self.forget(effects)

    def books(self, loop: str) -> PostgresBooks:
        """The books, on a connection of this loop's own."""
        return PostgresBooks.at(self.dsn, f"watchkeeper-posting-{loop}", self.remembered)

    def outbox(self) -> Outbox:
        """A producer for dead letters and alerts."""
        return Outbox.to(self.brokers)

    def reader(self, topic: Topic, partition: int, mark: Watermark) -> Reader:
        """A partition from its watermark on."""
        return Reader.at(self.brokers, GROUP, topic, partition, mark.next_offset or None)

    def patiently(self, work: Callable[[], Result]) -> Result:
        """Do it, again while Postgres is away; after `OUTAGE_SECONDS_MAX` the error is raised."""
        for attempt in postgres.attempts(OUTAGE_SECONDS_MAX, self.stopped.is_set):
            with attempt:
                return work()
        raise AssertionError("the last attempt returns or raises")

    def watermark(self, books: Books, topic: Topic, partition: int) -> Watermark:
        """Where a loop has to go on."""
        return self.patiently(lambda: books.watermark(topic.name, partition))


def waiting(reader: Reader, batch: Batch) -> int:
    """How many messages the broker had for us when it last answered, behind a batch."""
    _, high = reader.consumer.get_watermark_offsets(
        TopicPartition(batch.topic, batch.partition), cached=True
    )
    return max(0, int(high) - batch.next_offset)
