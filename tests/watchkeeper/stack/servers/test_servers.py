"""The servers are real, and say what they are."""

import psycopg
import pytest
import redis
from confluent_kafka import KafkaError
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import ConfigResource
from redis.backoff import NoBackoff
from redis.retry import Retry

from data_contracts.topics import ALERTS, DAY_MS, DECISIONS
from runtime.kafka import Outbox, Reader, partitions
from tests.factories import a_topic
from watchkeeper.stack.topics import make_topics

pytestmark = pytest.mark.servers


def test_what_is_sent_to_kafka_is_read_again(kafka: str) -> None:
    topic = a_topic()
    make_topics(kafka, [topic])
    outbox = Outbox.to(kafka)
    outbox.send(topic, b"value", b"key", headers=[("kind", b"rule-set")])
    outbox.flush()
    reader = Reader.at(kafka, "test", topic, 0, None)
    (message,) = reader.poll(10, 10.0).messages
    reader.close()
    assert (message.key(), message.value()) == (b"key", b"value")


def test_a_topic_has_one_partition_per_cell_and_keeps_what_the_contract_says(kafka: str) -> None:
    by_cell, single = a_topic(DECISIONS, retention_ms=3 * DAY_MS), a_topic(ALERTS)
    make_topics(kafka, [by_cell, single], cells=3)
    make_topics(kafka, [by_cell, single], cells=3)
    assert (partitions(kafka, by_cell.name), partitions(kafka, single.name)) == ([0, 1, 2], [0])
    resource = ConfigResource(ConfigResource.Type.TOPIC, by_cell.name)
    admin = AdminClient({"bootstrap.servers": kafka})
    (answer,) = admin.describe_configs([resource]).values()
    values = {name: entry.value for name, entry in answer.result(10).items()}
    assert values["retention.ms"] == str(3 * DAY_MS)
    assert values["max.message.bytes"] == str(DECISIONS.message_bytes_max)


def test_no_topic_appears_by_being_asked_for(kafka: str) -> None:
    name = a_topic().name
    found = AdminClient({"bootstrap.servers": kafka}).list_topics(name, timeout=10)
    error = found.topics[name].error
    assert error is not None
    assert error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART


def test_postgres_gives_a_module_a_database_of_its_own(postgres_database: str) -> None:
    with psycopg.connect(postgres_database) as connection:
        tables = connection.execute(
            "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
        ).fetchone()
        version = connection.info.server_version
    assert tables == (0,)
    assert version // 10_000 == 18


def test_postgres_sorts_the_same_on_every_machine(postgres_database: str) -> None:
    with psycopg.connect(postgres_database) as connection:
        rows = connection.execute(
            "SELECT name FROM (VALUES ('a'), ('B'), ('ä')) AS word(name) ORDER BY name"
        ).fetchall()
    assert [name for (name,) in rows] == ["B", "a", "ä"]


def test_valkey_refuses_to_forget_and_writes_down_what_it_is_told(valkey: str) -> None:
    with redis.Redis.from_url(valkey, decode_responses=True) as client:
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert client.config_get("appendonly") == {"appendonly": "yes"}
        assert client.keys() == []


def test_valkey_asks_for_its_password(valkey: str) -> None:
    port = valkey.rsplit(":", 1)[1].split("/", maxsplit=1)[0]
    once = Retry(NoBackoff(), 0)
    with (
        redis.Redis(port=int(port), retry=once) as client,
        pytest.raises(redis.AuthenticationError),
    ):
        client.ping()
