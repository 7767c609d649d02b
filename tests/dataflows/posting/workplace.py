"""Posting on topics and a database of a test's own, and looks at what came of it."""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec
import psycopg

from data_contracts.codec import decode, encode
from data_contracts.decision import Decision
from data_contracts.topics import Topic
from dataflows.posting.surroundings import Topics
from ledger.invariants import check
from ledger.memory import MemoryBooks
from runtime.kafka import Outbox, Reader
from runtime.postgres import connect
from tests.ledger.whole_books import read_back
from tests.processes import Process, running
from tests.waiting import until

SCRIPT = Path(__file__).with_name("post_topics.py")

Value = TypeVar("Value", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class Workplace:
    """Where posting works."""

    kafka: str
    dsn: str
    topics: Topics
    cells: int = 1

    def posting(self) -> AbstractContextManager[Process]:
        """The process, for as long as the block lasts."""
        settings = {
            "WATCHKEEPER_KAFKA": self.kafka,
            "WATCHKEEPER_POSTGRES": self.dsn,
            "WATCHKEEPER_CELLS": str(self.cells),
        }
        topics = self.topics
        names = [
            topic.name
            for topic in (topics.decisions, topics.resolutions, topics.rejected, topics.alerts)
        ]
        return running(SCRIPT, names, settings)

    def send(self, topic: Topic, values: Iterable[msgspec.Struct | bytes]) -> None:
        """Write messages; a decision goes to the partition of its cell."""
        outbox = Outbox.to(self.kafka)
        for value in values:
            raw = value if isinstance(value, bytes) else encode(value)
            outbox.send(topic, raw, partition=value.cell if isinstance(value, Decision) else 0)
        outbox.flush()

    def next_offset(self, topic: Topic, partition: int = 0) -> int:
        """How far posting has come; 0 while the database is away."""
        try:
            with psycopg.connect(self.dsn, connect_timeout=3) as connection:
                row = connection.execute(
                    "SELECT next_offset FROM ledger.watermarks WHERE topic = %s AND partition = %s",
                    [topic.name, partition],
                ).fetchone()
        except psycopg.OperationalError:
            return 0
        return int(row[0]) if row else 0

    def wait_for(self, topic: Topic, next_offset: int, partition: int = 0) -> None:
        """Until everything below an offset is in the books."""
        what = f"{next_offset} messages of {topic.name}/{partition} are in the books"
        until(lambda: self.next_offset(topic, partition) >= next_offset, what)

    def read(self, topic: Topic, kind: type[Value], count: int) -> list[Value]:
        """The first messages of a topic."""
        reader = Reader.at(self.kafka, "test", topic, 0, None)
        found: list[Value] = []

        def has_all() -> bool:
            batch = reader.poll(count, 0.1)
            found.extend(decode(message.value() or b"", kind) for message in batch.messages)
            return len(found) >= count

        until(has_all, f"{topic.name} has {count} messages")
        reader.close()
        return found

    def whole(self) -> MemoryBooks:
        """All that is in the books; every invariant holds."""
        with connect(self.dsn, "check") as connection:
            findings = list(check(connection, self.topics.decisions))
        assert [finding for finding in findings if not finding.holds] == []
        return read_back(self.dsn)
