"""A rule set in the log: whole, named by its hash, and only where it is new."""

from datetime import UTC, datetime
from uuid import uuid4

import msgspec
import pytest

from data_contracts.codec import decode
from data_contracts.control import KIND_HEADER, RuleSetRecord
from data_contracts.topics import Topic
from rules.model import ListKind
from rules.rule_set import unpack
from runtime import migrations
from runtime.postgres import connect
from tests.factories import a_topic
from tests.rules.rule_sets import a_list, a_rule, a_rule_set
from tests.topics import messages_of
from watchkeeper.errors import Failure
from watchkeeper.publish import Publication, newest_published, publish_rule_set
from watchkeeper.stack.topics import make_topics

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
RULE_SET = a_rule_set()


def a_publication() -> Publication:
    return Publication(rule_set=RULE_SET, published_by="risk", published_at=NOW)


def records(kafka: str, topic: Topic, cell: int) -> list[tuple[object, RuleSetRecord]]:
    return [
        (message.headers(), decode(message.value() or b"", RuleSetRecord))
        for message in messages_of(kafka, topic, cell)
    ]


@pytest.fixture
def log(kafka: str) -> Topic:
    """A log of two cells."""
    topic = a_topic()
    make_topics(kafka, [topic], cells=2)
    return topic


@pytest.mark.servers
def test_a_rule_set_stands_in_the_log_of_every_cell(kafka: str, log: Topic) -> None:
    assert publish_rule_set(kafka, a_publication(), {}, cells=2, log=log) == (0, 1)
    for cell in (0, 1):
        ((headers, record),) = records(kafka, log, cell)
        assert headers == [(KIND_HEADER, b"rule-set")]
        assert unpack(record.document) == RULE_SET
        assert record.rule_set == RULE_SET.fingerprint()
        assert (record.published_by, record.published_at) == ("risk", NOW)


@pytest.mark.servers
def test_the_newest_rule_set_is_not_published_again(kafka: str, log: Topic) -> None:
    newest = {0: RULE_SET.fingerprint(), 1: "another"}
    assert publish_rule_set(kafka, a_publication(), newest, cells=2, log=log) == (1,)
    assert records(kafka, log, 0) == []
    assert len(records(kafka, log, 1)) == 1


@pytest.mark.servers
def test_the_books_know_the_newest_rule_set_of_each_cell(postgres_database: str) -> None:
    migrations.upgrade(postgres_database)
    assert newest_published(postgres_database) == {}
    older, newer = a_rule_set(a_rule(version=1)), a_rule_set(a_rule(version=2))
    with connect(postgres_database, "test") as connection:
        for rule_set in (older, newer):
            connection.execute(
                "INSERT INTO casework.rule_sets VALUES (%s, %s)",
                (rule_set.fingerprint(), rule_set.canonical()),
            )
        for cell, position, rule_set in ((0, 5, older), (0, 9, newer), (1, 7, older)):
            connection.execute(
                "INSERT INTO casework.publications VALUES (%s, %s, 'rule-set', %s, '{}', now())",
                (cell, position, rule_set.fingerprint()),
            )
    assert newest_published(postgres_database) == {0: newer.fingerprint(), 1: older.fingerprint()}


def test_a_rule_set_that_is_too_large_is_refused_with_a_mend() -> None:
    values = [uuid4().hex for _ in range(300_000)]
    huge = a_rule_set(lists=(a_list(ListKind.BLOCK, *values),))
    publication = Publication(rule_set=huge, published_by="risk", published_at=NOW)
    with pytest.raises(Failure, match="4,194,304") as caught:
        publication.record()
    assert "lists" in caught.value.mend


def test_the_record_is_read_by_the_door_of_control_records() -> None:
    record = a_publication().record()
    assert decode(msgspec.json.encode(record), RuleSetRecord) == record
