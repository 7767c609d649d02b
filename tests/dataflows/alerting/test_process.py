import random
import signal
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import pytest

from casework.postgres import PostgresCasebook, PostgresLetters
from data_contracts import codec
from data_contracts.control import KIND_HEADER
from data_contracts.decision import Decision, Verdict
from data_contracts.topics import ALERTS, DECISIONS, REJECTED, TRANSACTIONS, Topic
from runtime.kafka import Outbox
from runtime.migrations import upgrade
from runtime.postgres import Connection, connect
from tests.casework.published import RULE_SET, a_record
from tests.conftest import Databases
from tests.factories import (
    NOON,
    a_dead_letter,
    a_decision,
    a_hit,
    a_topic,
    a_transaction,
    an_operational_alert,
    minute,
)
from tests.processes import Process, running
from tests.waiting import until
from watchkeeper.stack.topics import make_topics

SCRIPT = Path(__file__).with_name("file_topics.py")
pytestmark = pytest.mark.servers


@dataclass(frozen=True, slots=True)
class Surroundings:
    kafka: str
    dsn: str
    connection: Connection
    log: Topic
    decisions: Topic
    rejected: Topic
    operations: Topic

    @property
    def topics(self) -> list[Topic]:
        return [self.log, self.decisions, self.rejected, self.operations]

    def next_offset(self, topic: Topic) -> int:
        found = PostgresCasebook(self.connection).watermark(topic.name, 0)
        return found.next_offset if found else 0

    def wait_for(self, topic: Topic, next_offset: int) -> None:
        what = f"{next_offset} messages of {topic.name} are filed"
        until(lambda: self.next_offset(topic) >= next_offset, what)

    def one(self, query: str) -> object:
        row = self.connection.execute(query.encode()).fetchone()
        assert row is not None
        return row[0]

    def alerting(self) -> AbstractContextManager[Process]:
        settings = {"WATCHKEEPER_KAFKA": self.kafka, "WATCHKEEPER_POSTGRES": self.dsn}
        return running(SCRIPT, [topic.name for topic in self.topics], settings)


@pytest.fixture
def around(kafka: str, databases: Databases) -> Iterator[Surroundings]:
    with databases.fresh() as dsn, connect(dsn, "test") as connection:
        upgrade(dsn, rooms=["casework"])
        found = Surroundings(
            kafka,
            dsn,
            connection,
            *(a_topic(topic) for topic in (TRANSACTIONS, DECISIONS, REJECTED, ALERTS)),
        )
        make_topics(kafka, found.topics)
        yield found


def a_review(position: int, **changes: object) -> Decision:
    return a_decision(
        position=position,
        verdict=Verdict.REVIEW,
        score=60,
        hits=(a_hit(),),
        transaction=a_transaction(account_id=f"acc-{position % 7}", **changes),
    )


def test_each_topic_finds_its_table(around: Surroundings) -> None:
    outbox = Outbox.to(around.kafka)
    outbox.send(around.log, codec.encode(a_transaction()))
    outbox.send(around.log, a_record(), headers=[(KIND_HEADER, "rule-set")])
    rule_set = RULE_SET.fingerprint()
    for position, at in ((2, 0), (3, 1), (4, 61)):
        decision = a_decision(
            position=position,
            verdict=Verdict.DECLINE,
            rule_set=rule_set,
            hits=(a_hit(),),
            transaction=a_transaction(occurred_at=minute(at)),
        )
        outbox.send(around.decisions, codec.encode(decision))
        outbox.send(around.log, codec.encode(decision.transaction))
    outbox.send(around.rejected, codec.encode(a_dead_letter(offset=9)))
    outbox.send(around.operations, codec.encode(an_operational_alert()))
    outbox.flush()

    with around.alerting() as process:
        for topic, messages in (
            (around.decisions, 3),
            (around.rejected, 1),
            (around.operations, 1),
        ):
            around.wait_for(topic, messages)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0

    quieted = around.connection.execute(
        "SELECT quieted_by FROM casework.alerts WHERE kind = 'transaction' ORDER BY position"
    )
    assert [row[0] for row in quieted] == [None, "card-burst", None]
    assert around.one("SELECT count(*) FROM casework.cases") == 2
    assert [kept.letter.offset for kept in PostgresLetters(around.connection).latest(5)] == [9]
    assert around.one("SELECT rule_set FROM casework.publications WHERE position = 1") == rule_set


def test_killed_at_any_moment_it_files_every_alert_once(around: Surroundings) -> None:
    dice = random.Random(11)  # noqa: S311  (a repeatable schedule)
    total, sent, killed = 8_000, 0, 0
    outbox = Outbox.to(around.kafka)
    for position in range(total):
        outbox.send(around.decisions, codec.encode(a_review(position, occurred_at=NOON)))
        outbox.send(around.rejected, codec.encode(a_dead_letter(offset=position)))
        sent += 1
        if position % 1_000 == 999:  # As a scorer does after a crash.
            outbox.send(around.decisions, codec.encode(a_review(position - 5)))
            outbox.send(around.rejected, codec.encode(a_dead_letter(offset=position - 5)))
            sent += 1
    outbox.flush()

    topics = (around.decisions, around.rejected)
    while any(around.next_offset(topic) < sent for topic in topics):
        behind = next(topic for topic in topics if around.next_offset(topic) < sent)
        with around.alerting() as process:
            around.wait_for(behind, around.next_offset(behind) + 1)
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(timeout=dice.uniform(0, 0.05))
            process.kill()
            killed += process.wait() == -signal.SIGKILL

    assert killed >= 2
    assert around.one("SELECT count(*) FROM casework.alerts") == total
    assert around.one("SELECT count(DISTINCT position) FROM casework.alerts") == total
    assert around.one("SELECT sum(alert_count) FROM casework.cases") == total
    assert around.one("SELECT count(*) FROM casework.cases") == 7
    assert around.one("SELECT count(*) FROM casework.dead_letters") == total
