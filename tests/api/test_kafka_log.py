"""The log in Kafka: all or an error that says what was taken; the loop goes on meanwhile."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from confluent_kafka import Producer

from api.kafka_log import KafkaLog, open_producer
from api.ports import LogAway, Place
from data_contracts.control import ControlKind
from data_contracts.topics import Topic
from runtime.kafka import Reader, producer_settings
from tests.factories import a_topic
from watchkeeper.stack.servers.ports import free_port
from watchkeeper.stack.topics import make_topics

pytestmark = pytest.mark.servers


@asynccontextmanager
async def a_log(producer: Producer, topic: Topic) -> AsyncIterator[KafkaLog]:
    log = KafkaLog(producer, topic)
    log.start()
    try:
        yield log
    finally:
        await log.stop()


def messages(count: int) -> dict[bytes, bytes]:
    return {secrets.token_bytes(16): b"value %d" % number for number in range(count)}


def read(brokers: str, topic: Topic, count: int) -> list[tuple[bytes, bytes]]:
    reader = Reader.at(brokers, "test", topic, 0, None)
    found: list[tuple[bytes, bytes]] = []
    while len(found) < count:
        found += [(m.key() or b"", m.value() or b"") for m in reader.poll(count, 5).messages]
    reader.close()
    return found


def test_what_is_written_stands_in_its_order_at_the_positions_told(kafka: str) -> None:
    topic, sent = a_topic(), messages(250)
    make_topics(kafka, [topic])

    async def story() -> list[int]:
        async with a_log(open_producer(kafka), topic) as log:
            first = await log.append(0, dict(list(sent.items())[:100]))
            second = await log.append(0, dict(list(sent.items())[100:]))
            return [{**first, **second}[event] for event in sent]

    assert asyncio.run(story()) == list(range(250))
    assert read(kafka, topic, 250) == list(sent.items())


def test_a_control_record_bears_its_kind_and_tells_its_place(kafka: str) -> None:
    topic = a_topic()
    make_topics(kafka, [topic])

    async def story() -> list[Place]:
        async with a_log(open_producer(kafka), topic) as log:
            await log.append(0, messages(3))
            return [await log.publish(0, ControlKind.BREAKER, b"value") for _ in range(2)]

    first, second = asyncio.run(story())
    reader = Reader.at(kafka, "test", topic, 0, first.position)
    found = reader.poll(10, 5).messages[0]
    reader.close()
    assert (first.position, second.position) == (3, 4)
    assert (found.value(), found.headers()) == (b"value", [("kind", b"breaker")])
    assert first.logged_at.timestamp() * 1_000 == found.timestamp()[1]


def test_many_requests_at_once_get_each_their_own_positions(kafka: str) -> None:
    topic, requests = a_topic(), [messages(3) for _ in range(40)]
    make_topics(kafka, [topic])

    async def story() -> list[int]:
        async with a_log(open_producer(kafka), topic) as log:
            found = await asyncio.gather(*(log.append(0, request) for request in requests))
            return [
                position
                for request, positions in zip(requests, found, strict=True)
                for position in (positions[event] for event in request)
            ]

    assert sorted(asyncio.run(story())) == list(range(120))


def test_the_event_loop_goes_on_while_the_log_is_written(kafka: str) -> None:
    topic = a_topic()
    make_topics(kafka, [topic])

    async def story() -> int:
        async with a_log(open_producer(kafka), topic) as log:
            writing, turns = asyncio.create_task(_append(log, messages(10))), 0
            while not writing.done():
                turns += 1
                await asyncio.sleep(0)
            return turns

    assert asyncio.run(story()) > 10


async def _append(log: KafkaLog, sent: dict[bytes, bytes]) -> None:
    await log.append(0, sent)


def a_lost_producer() -> Producer:
    brokers = f"127.0.0.1:{free_port()}"
    return Producer({"bootstrap.servers": brokers, "message.timeout.ms": 300, "log_level": 0})


def test_a_log_that_is_away_is_an_error_in_time() -> None:
    async def story() -> LogAway:
        async with a_log(a_lost_producer(), a_topic()) as log:
            with pytest.raises(LogAway) as away:
                await asyncio.wait_for(log.append(0, messages(5)), 10)
            assert await log.trouble() == "_TRANSPORT"
            return away.value

    assert asyncio.run(story()).positions == {}


def test_a_full_queue_is_an_error_and_what_found_a_place_is_waited_for(kafka: str) -> None:
    topic, sent = a_topic(), messages(5)
    make_topics(kafka, [topic])
    small = {"queue.buffering.max.messages": 3, "linger.ms": 500}

    async def story() -> LogAway:
        producer = Producer(producer_settings(kafka) | small)
        async with a_log(producer, topic) as log:
            with pytest.raises(LogAway, match="_QUEUE_FULL") as away:
                await asyncio.wait_for(log.append(0, sent), 10)
            return away.value

    assert asyncio.run(story()).positions == dict(zip(list(sent)[:3], range(3), strict=True))


def test_a_topic_that_was_never_made_is_named(kafka: str) -> None:
    topic = a_topic()

    async def story() -> str | None:
        async with a_log(open_producer(kafka), topic) as log:
            return await log.trouble()

    assert asyncio.run(story()) == f"{topic.name}: UNKNOWN_TOPIC_OR_PART"


def test_a_message_that_the_broker_refuses_is_an_error_of_its_request_only(kafka: str) -> None:
    topic = a_topic(message_bytes_max=1_000)
    make_topics(kafka, [topic])
    good, large = messages(1), {b"x" * 16: secrets.token_bytes(2_000)}

    async def story() -> None:
        async with a_log(open_producer(kafka), topic) as log:
            with pytest.raises(LogAway, match="MSG_SIZE_TOO_LARGE"):
                await log.append(0, large)
            assert await log.append(0, good) == dict.fromkeys(good, 0)

    asyncio.run(story())
