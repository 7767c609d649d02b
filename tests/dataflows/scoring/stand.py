"""Scoring on topics of a test's own: started, killed, and asked what it sent."""

import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from confluent_kafka import Message

from data_contracts.control import KIND_HEADER
from data_contracts.topics import Topic
from dataflows.connectors import Letter, Logged
from dataflows.scoring.topics import Topics
from runtime.kafka import Headers, Outbox, Reader, end_offset
from tests.factories import a_topic
from tests.waiting import until
from watchkeeper.stack.topics import make_topics

SCRIPT = Path(__file__).with_name("score_topics.py")
ROOT = Path(__file__).parents[3]


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

    @contextmanager
    def scoring(self) -> Iterator["subprocess.Popen[str]"]:
        """The process, for as long as the block lasts."""
        environment = {
            "WATCHKEEPER_KAFKA": self.kafka,
            "WATCHKEEPER_POSTGRES": "unused",
            "WATCHKEEPER_REDIS": "unused",
            "WATCHKEEPER_JWT_SECRET": "x" * 32,
            "WATCHKEEPER_DATA": str(self.data),
            "WATCHKEEPER_EPOCH_SECONDS": "1",
            "PYTHONPATH": str(ROOT),
            **self.changes,
        }
        names = [self.topics.log.name, self.topics.decisions.name, self.topics.rejected.name]
        process = subprocess.Popen(
            [sys.executable, SCRIPT, *names],
            env=environment,
            cwd=ROOT,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            yield process
        finally:
            process.kill()
            process.communicate()

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
        reader = Reader.at(self.kafka, "test", topic, 0, None)
        end = end_offset(reader.consumer, topic.name, 0)
        reader.close()
        return end

    def with_changes(self, **changes: str) -> "Stand":
        """The same place with other settings."""
        return replace(self, changes=self.changes | changes)


def _letter(topic: Topic, message: Message) -> Letter:
    value, key = message.value(), message.key()
    assert isinstance(value, bytes)
    assert key is None or isinstance(key, bytes)
    return Letter(topic, value, key)
