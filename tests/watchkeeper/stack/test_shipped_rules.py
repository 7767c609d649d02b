"""The first rules of a stack, and those that people publish after."""

from datetime import UTC, datetime
from hashlib import sha256

import psycopg
import pytest
from psycopg.types.json import Jsonb

from data_contracts.control import KIND_HEADER
from data_contracts.topics import TRANSACTIONS
from runtime import migrations
from runtime.kafka import Reader
from watchkeeper.commands.prepare import prepare
from watchkeeper.publish import shipped_catalogue, sound_catalogue
from watchkeeper.stack.shipped_rules import PUBLISHER, publish_shipped_rules
from watchkeeper.stack.topics import make_topics

pytestmark = pytest.mark.servers

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def note(dsn: str, position: int, published_by: str, canonical: bytes) -> None:
    """What alerting writes when it comes upon the record."""
    rule_set = sha256(canonical).hexdigest()
    with psycopg.connect(dsn) as connection:
        connection.execute("INSERT INTO casework.rule_sets VALUES (%s, %s)", (rule_set, canonical))
        connection.execute(
            "INSERT INTO casework.publications VALUES (0, %s, 'rule-set', %s, %s, %s)",
            (position, rule_set, Jsonb({"published_by": published_by}), NOW),
        )


def test_they_are_published_once_and_never_over_those_of_a_person(
    kafka: str, postgres_database: str
) -> None:
    make_topics(kafka)
    migrations.upgrade(postgres_database)
    shipped = sound_catalogue(shipped_catalogue()).rule_set().canonical()
    assert publish_shipped_rules(kafka, postgres_database, 1, NOW) == (0,)
    note(postgres_database, 0, PUBLISHER, shipped)
    assert publish_shipped_rules(kafka, postgres_database, 1, NOW) == ()
    note(postgres_database, 1, PUBLISHER, b"an older shipped set")
    assert publish_shipped_rules(kafka, postgres_database, 1, NOW) == (0,)
    note(postgres_database, 2, "Ada", b"a set of hers")
    assert publish_shipped_rules(kafka, postgres_database, 1, NOW) == ()


def test_prepare_makes_everything_and_may_be_called_twice(
    kafka: str, postgres_database: str
) -> None:
    prepare(kafka=kafka, postgres=postgres_database)
    prepare(kafka=kafka, postgres=postgres_database)
    reader = Reader.at(kafka, "test", TRANSACTIONS, 0, None)
    first = reader.poll(1, 30.0).messages[0]
    reader.close()
    assert dict(first.headers() or ()) == {KIND_HEADER: b"rule-set"}
