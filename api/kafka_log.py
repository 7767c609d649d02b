"""The log in Kafka: produce all, then one wait for all acknowledgements; the loop never blocks."""

import asyncio
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from api.ports import LogAway, Place
from data_contracts.control import KIND_HEADER, ControlKind
from data_contracts.topics import TRANSACTIONS, Topic
from runtime.kafka import Headers, producer_settings

ACKNOWLEDGE_MS_MAX = 8_000
LINGER_MS = 5
POLL_SECONDS = 0.2
FLUSH_SECONDS_MAX = 10.0
METADATA_SECONDS_MAX = 1.5


def open_producer(brokers: str) -> Producer:
    """A producer that gives up before a claim's lease ends; it connects by itself."""
    settings = producer_settings(brokers, LINGER_MS)
    return Producer(settings | {"message.timeout.ms": ACKNOWLEDGE_MS_MAX})


@dataclass(slots=True)
class _Delivery:
    """The acknowledgements of one request; `report` is called by the poller's thread."""

    loop: asyncio.AbstractEventLoop
    done: asyncio.Future[None]
    expected: int
    reported: int = 0
    positions: dict[bytes, int] = field(default_factory=dict)
    error: KafkaError | None = None

    def report(self, error: KafkaError | None, message: Message) -> None:
        if error is None:
            offset = message.offset()
            self.positions[message.key() or b""] = -1 if offset is None else offset
        else:
            self.error = error
        self.reported += 1
        if self.reported == self.expected:
            self.loop.call_soon_threadsafe(self.wake)

    def stop_at(self, queued: int, error: KafkaError) -> None:
        """Wait for those only that were queued; both threads may find that all are reported."""
        self.error = error
        self.expected = queued
        if self.reported == queued:
            self.wake()

    def wake(self) -> None:
        if not self.done.done():
            self.done.set_result(None)


@dataclass(slots=True)
class KafkaLog:
    """Writes to a cell's partition; a thread of its own collects the acknowledgements.

    A producer that has failed for good is told to `give_up`: only a new process mends it.
    """

    producer: Producer
    topic: Topic = TRANSACTIONS
    give_up: Callable[[], None] = lambda: None
    _stopped: threading.Event = field(default_factory=threading.Event)
    _poller: threading.Thread | None = None

    def start(self) -> None:
        """Begin to collect acknowledgements."""
        self._poller = threading.Thread(target=self._poll, name="acknowledgements", daemon=True)
        self._poller.start()

    def _poll(self) -> None:
        while not self._stopped.is_set():
            self.producer.poll(POLL_SECONDS)

    async def stop(self) -> None:
        """Wait, not for ever, until all that was queued is acknowledged."""
        await asyncio.to_thread(self.producer.flush, FLUSH_SECONDS_MAX)
        self._stopped.set()
        if self._poller is not None:
            await asyncio.to_thread(self._poller.join)

    async def append(self, cell: int, messages: Mapping[bytes, bytes]) -> Mapping[bytes, int]:
        """Write values by event id, in order; the positions once all are acknowledged."""
        loop = asyncio.get_running_loop()
        delivery = _Delivery(loop, loop.create_future(), len(messages))
        self._produce(cell, messages, delivery)
        await delivery.done
        if delivery.error is None:
            return delivery.positions
        if delivery.error.fatal():
            self.give_up()
        raise LogAway(delivery.error.name(), delivery.positions)

    def _produce(self, cell: int, messages: Mapping[bytes, bytes], delivery: _Delivery) -> None:
        produce, name, report = self.producer.produce, self.topic.name, delivery.report
        queued = 0
        try:
            for event, value in messages.items():
                produce(name, value, event, cell, on_delivery=report)
                queued += 1
        except BufferError:
            delivery.stop_at(queued, KafkaError(KafkaError._QUEUE_FULL))  # noqa: SLF001
        except KafkaException as error:
            delivery.stop_at(queued, error.args[0])

    async def publish(self, cell: int, kind: ControlKind, value: bytes) -> Place:
        """Write a control record; its place once it is acknowledged."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Place] = loop.create_future()

        def settle(error: KafkaError | None, message: Message) -> None:
            if done.done():
                return
            if error is not None:
                done.set_exception(LogAway(error.name(), {}))
            else:
                logged_at = datetime.fromtimestamp(message.timestamp()[1] / 1_000, UTC)
                done.set_result(Place(message.offset() or 0, logged_at))

        def report(error: KafkaError | None, message: Message) -> None:
            loop.call_soon_threadsafe(settle, error, message)

        headers: Headers = [(KIND_HEADER, kind.value)]
        try:
            self.producer.produce(
                self.topic.name, value, None, cell, on_delivery=report, headers=headers
            )
        except (BufferError, KafkaException) as error:
            raise LogAway(type(error).__name__, {}) from None
        return await done

    async def trouble(self) -> str | None:
        """None, or why the log cannot be written."""
        try:
            found = await asyncio.to_thread(
                self.producer.list_topics, self.topic.name, METADATA_SECONDS_MAX
            )
        except KafkaException as error:
            return str(error.args[0].name())
        problem = found.topics[self.topic.name].error
        return None if problem is None else f"{self.topic.name}: {problem.name()}"
