"""The topics are made explicitly, as the contracts say; none appears by being written to."""

from collections.abc import Iterable

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from data_contracts.topics import TOPICS, Topic
from runtime.kafka import LOGGING
from watchkeeper.errors import Failure

CREATE_SECONDS_MAX = 30.0
SEGMENT_BYTES = 64 * 1024 * 1024  # What has expired goes segment by segment.
SEGMENT_MS_MAX = 24 * 3600 * 1000


def make_topics(brokers: str, topics: Iterable[Topic] = TOPICS, cells: int = 1) -> None:
    """Create the topics that are missing; those that are there keep their partitions."""
    admin = AdminClient({"bootstrap.servers": brokers, **LOGGING})
    new = [_new_topic(topic, cells) for topic in topics]
    answers = admin.create_topics(new, request_timeout=CREATE_SECONDS_MAX)
    for name, answer in answers.items():
        try:
            answer.result(CREATE_SECONDS_MAX)
        except KafkaException as error:
            _tolerate(name, error.args[0])


def _new_topic(topic: Topic, cells: int) -> NewTopic:
    return NewTopic(
        topic.name,
        num_partitions=cells if topic.is_by_cell else 1,
        replication_factor=-1,  # The broker's own default.
        config={
            "retention.ms": str(topic.retention_ms),
            "max.message.bytes": str(topic.message_bytes_max),
            "segment.bytes": str(max(SEGMENT_BYTES, topic.message_bytes_max)),
            "segment.ms": str(min(SEGMENT_MS_MAX, topic.retention_ms)),
            "cleanup.policy": "delete",
            "message.timestamp.type": "CreateTime",
        },
    )


def _tolerate(name: str, error: KafkaError) -> None:
    if error.code() != KafkaError.TOPIC_ALREADY_EXISTS:
        raise Failure(
            f"The topic {name} could not be made: {error.str()}",
            "Give the broker's user the right to create topics, or create them yourself.",
        )
