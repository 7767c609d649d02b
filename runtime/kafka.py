"""Kafka clients that lose nothing silently: bounded waits, delivery errors that raise."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import stamina
from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient

from data_contracts.control import KIND_HEADER
from data_contracts.topics import Topic

METADATA_SECONDS_MAX = 10.0
FLUSH_SECONDS_MAX = 30.0
BATCH_MAX = 2_000
# What the client library has to say comes with a poll, as ours; alone it would write to stderr.
LOGGING: dict[str, Any] = {"log_level": 3, "logger": logging.getLogger("kafka")}

# What a broker says while it starts, or while a topic is being made.
_PASSING = frozenset(
    {
        KafkaError.NOT_LEADER_FOR_PARTITION,
        KafkaError.LEADER_NOT_AVAILABLE,
        KafkaError.REQUEST_TIMED_OUT,
        KafkaError._ALL_BROKERS_DOWN,  # noqa: SLF001
        KafkaError._TIMED_OUT,  # noqa: SLF001
        KafkaError._TRANSPORT,  # noqa: SLF001
    }
)

Headers = list[tuple[str, str | bytes | None]]


class ExpiredOffset(RuntimeError):
    """The log no longer holds the position to go on from: never skip, a person has to decide."""


def producer_settings(brokers: str, linger_ms: int = 10) -> dict[str, Any]:
    """Idempotent, acknowledged by all; gives up before `FLUSH_SECONDS_MAX` and says so."""
    return {
        "bootstrap.servers": brokers,
        "acks": "all",
        "enable.idempotence": True,
        "linger.ms": linger_ms,
        "compression.type": "lz4",
        "message.timeout.ms": 20_000,
        "message.max.bytes": 10 * 1024 * 1024,
        "queue.buffering.max.messages": 500_000,
        "queue.buffering.max.kbytes": 256 * 1024,
        **LOGGING,
    }


def consumer_settings(brokers: str, group: str) -> dict[str, Any]:
    """Offsets are ours to keep; an expired one is an error, not a jump to the end."""
    return {
        "bootstrap.servers": brokers,
        "group.id": group,
        "enable.auto.commit": False,
        "enable.partition.eof": True,
        "auto.offset.reset": "error",
        "check.crcs": True,
        "fetch.wait.max.ms": 500,
        "fetch.queue.backoff.ms": 10,
        "queued.min.messages": 10_000,
        "queued.max.messages.kbytes": 32 * 1024,
        "fetch.message.max.bytes": 10 * 1024 * 1024,
        **LOGGING,
    }


# For readers that need not be first: few large fetches cost the broker and us far less than many.
UNHURRIED: dict[str, Any] = {
    "fetch.min.bytes": 256 * 1024,
    "fetch.wait.max.ms": 400,
    "queued.max.messages.kbytes": 8 * 1024,
}


def partitions(brokers: str, topic: str) -> list[int]:
    """The partitions of a topic, or an error within `METADATA_SECONDS_MAX`."""
    found = AdminClient({"bootstrap.servers": brokers, **LOGGING}).list_topics(
        topic, timeout=METADATA_SECONDS_MAX
    )
    metadata = found.topics[topic]
    if metadata.error is not None:
        raise KafkaException(metadata.error)
    return sorted(metadata.partitions)


def bounds(
    consumer: Consumer, topic: str, partition: int, seconds: float = METADATA_SECONDS_MAX
) -> tuple[int, int]:
    """The first offset that a partition still holds, and one past its last."""
    where = TopicPartition(topic, partition)
    for attempt in stamina.retry_context(on=_passes, attempts=None, timeout=seconds):
        with attempt:
            low, high = consumer.get_watermark_offsets(where, timeout=seconds, cached=False)
    return int(low), int(high)


def _passes(error: Exception) -> bool:
    return isinstance(error, KafkaException) and error.args[0].code() in _PASSING


def end_offset(consumer: Consumer, topic: str, partition: int) -> int:
    """One past the last message of a partition."""
    return bounds(consumer, topic, partition)[1]


def kind_of(message: Message) -> str | None:
    """The kind of a control record, whatever is in its header; None: there is no such header."""
    headers: Any = message.headers()
    if not headers or KIND_HEADER not in (found := dict(headers)):
        return None
    kind = found[KIND_HEADER] or b""
    return kind if isinstance(kind, str) else kind.decode("utf-8", "replace")


@dataclass(slots=True)
class Outbox:
    """A producer that knows what was not delivered: `flush` raises before anything moves on."""

    producer: Producer
    errors: list[KafkaError] = field(default_factory=list)

    @classmethod
    def to(cls, brokers: str, linger_ms: int = 10) -> "Outbox":
        """Open a producer."""
        return cls(Producer(producer_settings(brokers, linger_ms)))

    def _did_deliver(self, error: KafkaError | None, _message: Message) -> None:
        if error is not None:
            self.errors.append(error)

    def send(
        self,
        topic: Topic,
        value: bytes,
        key: bytes | None = None,
        partition: int = 0,
        headers: Headers | None = None,
    ) -> None:
        """Queue one message; waits while the queue is full."""
        while True:
            try:
                self.producer.produce(
                    topic.name,
                    value,
                    key,
                    partition,
                    on_delivery=self._did_deliver,
                    headers=headers,
                )
            except BufferError:
                self.producer.poll(0.1)
            else:
                return

    def check(self) -> None:
        """Raise what became of the messages so far; waits for none."""
        self.producer.poll(0)
        self._raise()

    def _raise(self) -> None:
        if self.errors:
            error, self.errors = self.errors[0], []
            raise KafkaException(error)

    def flush(self) -> None:
        """Return when everything is acknowledged, or raise."""
        remaining = self.producer.flush(FLUSH_SECONDS_MAX)
        self._raise()
        if remaining:
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT))  # noqa: SLF001


@dataclass(frozen=True, slots=True)
class Batch:
    """What one poll of one partition brought; `is_caught_up`: its end was reached."""

    topic: str
    partition: int
    next_offset: int
    messages: Sequence[Message]
    is_caught_up: bool


@dataclass(slots=True)
class Reader:
    """One partition from an explicit offset on; every error raises, the end does not."""

    consumer: Consumer
    topic: str
    partition: int
    next_offset: int
    is_caught_up: bool = False

    @classmethod
    def at(
        cls,
        brokers: str,
        group: str,
        topic: Topic,
        partition: int,
        offset: int | None,
        **overrides: object,
    ) -> "Reader":
        """Open a partition at `offset`, or at its beginning where it is None."""
        consumer = Consumer(consumer_settings(brokers, group) | overrides)
        start = OFFSET_BEGINNING if offset is None else offset
        consumer.assign([TopicPartition(topic.name, partition, start)])
        return cls(consumer, topic.name, partition, 0 if offset is None else offset)

    def poll(self, size: int = BATCH_MAX, seconds: float = 0.0) -> Batch:
        """Read up to `size` messages, waiting `seconds` at most for the first of them."""
        answers = self.consumer.consume(1, seconds) if seconds else []
        answers += self.consumer.consume(size - len(answers), 0)
        messages = list(self._data(answers))
        return Batch(self.topic, self.partition, self.next_offset, messages, self.is_caught_up)

    def _data(self, answers: Iterable[Message]) -> Iterable[Message]:
        for answer in answers:
            error = answer.error()
            if error is None:
                self.is_caught_up = False
                self.next_offset = (answer.offset() or 0) + 1
                yield answer
            elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001
                self.is_caught_up = True
            elif error.code() == KafkaError._AUTO_OFFSET_RESET:  # noqa: SLF001
                raise ExpiredOffset(f"{self.topic}/{self.partition}@{self.next_offset}: {error}")
            elif error.fatal() or not error.retriable():
                raise KafkaException(error)

    def close(self) -> None:
        """Leave; nothing is committed to the broker."""
        self.consumer.close()
