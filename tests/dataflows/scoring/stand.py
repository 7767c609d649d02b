"""Scoring on topics of a test's own: started, killed, and asked what it sent."""

import subprocess
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path

from confluent_kafka import Message

from data_contracts.control import KIND_HEADER
from data_contracts.topics import Topic
from dataflows.connectors import Letter, Logged
from dataflows.scoring.topics import Topics
from runtime.kafka import Headers, Outbox, Reader
from tests.factories import a_topic
from tests.processes import Process, running
from tests.topics import end_of
from tests.waiting import until
from watchkeeper.stack.topics import make_topics

SCRIPT = Path(__file__).with_name("score_topics.py")


def some_topics(kafka: str, cells: int = 1) -> Topics:
    names = Topics()
    topics = Topics(
        log=a_topic(names.log), decisions=a_topic(names.decisions), rejected=a_topic(names.rejected)
    )
    make_topics(kafka, [topics.log, topics.decisions, topics.rejected], cells)
    return topics


@dataclass(slots=True)
class Stand:
    """Where scoring works."""

    kafka: str
    data: Path
    topics: Topics
    changes: dict[str, str] = field(default_factory=dict)

    def scoring(self) -> AbstractContextManager[Process]:
        """The process, for as long as the block lasts."""
        settings = {
            "WATCHKEEPER_KAFKA": self.kafka,
            "WATCHKEEPER_DATA": str(self.data),
            "WATCHKEEPER_EPOCH_SECONDS": "1",
            **self.changes,
        }
        names = [self.topics.log.name, self.topics.decisions.name, self.topics.rejected.name]
        return running(SCRIPT, names, settings, subprocess.PIPE)

    def write(self, messages: Iterable[Logged], cell: int = 0) -> None:
        """Write into the log."""
        outbox = Outbox.to(self.kafka)
        for message in messages:
            headers: Headers = [] if message.kind is None else [(KIND_HEADER, message.kind)]
            outbox.send(self.topics.log, message.value, message.key, cell, headers)
        outbox.flush()

    def read(self, topic: Topic, count: int, cell: int = 0) -> list[Letter]:
        """What was sent, once there are so many different ones."""
        reader = Reader.at(self.kafka, "test", topic, cell, None)
        found: dict[bytes, Letter] = {}

        def has_all() -> bool:
            for message in reader.poll(2_000, 0.1).messages:
                letter = _letter(topic, message)
                assert found.setdefault(letter.value, letter) == letter
            return len(found) >= count and reader.is_caught_up

        until(has_all, f"{topic.name} has {count} messages")
        reader.close()
        return list(found.values())

    def end_of(self, topic: Topic) -> int:
        """One past the last message."""
        return end_of(self.kafka, topic)

    def with_changes(self, **changes: str) -> "Stand":
        """The same place with other settings."""
        return replace(self, changes=self.changes | changes)


def _letter(topic: Topic, message: Message) -> Letter:
    value, key = message.value(), message.key()
    assert isinstance(value, bytes)
    assert key is None or isinstance(key, bytes)
    return Letter(topic, value, key)
