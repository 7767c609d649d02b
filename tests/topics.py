"""Topics of a real broker, as a test looks into them."""

from confluent_kafka import Message

from data_contracts.topics import Topic
from runtime.kafka import Reader, end_offset


def messages_of(
    brokers: str, topic: Topic, cell: int = 0, start: int | None = None
) -> list[Message]:
    """All that stands in a partition now, in order, from an offset on."""
    reader = Reader.at(brokers, "test", topic, cell, start)
    found: list[Message] = []
    while not reader.is_caught_up:
        found += reader.poll(5_000, 0.5).messages
    reader.close()
    return found


def end_of(brokers: str, topic: Topic, cell: int = 0) -> int:
    """One past the last message of a partition."""
    reader = Reader.at(brokers, "test", topic, cell, None)
    end = end_offset(reader.consumer, topic.name, cell)
    reader.close()
    return end
