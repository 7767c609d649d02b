"""History: the archive up to its mark, then the decisions, in order, each once."""

from collections.abc import Iterable
from pathlib import Path

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from data_contracts import codec
from data_contracts.topics import DECISIONS, Topic
from dataflows.scoring.archived_transactions import columns_for
from dataflows.scoring.history import NOTHING, History, HistoryGone, Place, above
from runtime.archive import Archive, Mark
from runtime.kafka import Outbox
from tests.factories import a_decision, a_topic
from tests.runtime.test_archive import rows
from watchkeeper.stack.topics import make_topics


def sent(*positions: int) -> Iterable[bytes]:
    return [codec.encode(a_decision(position=position)) for position in positions]


def test_what_is_sent_again_and_what_is_no_decision_is_left_out() -> None:
    values = [*sent(3, 4), b"{}", b"\xff", *sent(3, 4, 5, 9)]

    assert [item.position for item in above(3, iter(values))] == [4, 5, 9]


def test_only_what_features_look_at_is_read_and_what_no_transaction_is_without() -> None:
    names = columns_for(["merchant_id"])

    assert {"merchant_id", "tenant", "received_at", "amount_minor"} <= set(names)
    assert "device_id" not in names


@pytest.fixture
def decisions(kafka: str) -> Topic:
    topic = a_topic(DECISIONS)
    make_topics(kafka, [topic], cells=1)
    return topic


def a_place(kafka: str, decisions: Topic, folder: Path) -> Place:
    return Place(brokers=kafka, decisions=decisions, archive=folder, cell=0)


def write(kafka: str, topic: Topic, *positions: int) -> None:
    outbox = Outbox.to(kafka)
    for value in sent(*positions):
        outbox.send(topic, value)
    outbox.flush()


def positions(history: History, after: int, until: int) -> list[int]:
    return [at for stretch in history.read(after, until) for at in stretch.positions]


@pytest.mark.servers
def test_it_goes_from_the_archive_to_the_decisions_and_never_too_far(
    kafka: str, decisions: Topic, tmp_path: Path
) -> None:
    write(kafka, decisions, 0, 1, 4, 7, 4, 7, 8, 20)
    Archive.open(tmp_path).append(rows(0, 1, 4), 0, Mark(4, 3))
    history = History(a_place(kafka, decisions, tmp_path), columns_for([]))

    assert positions(history, NOTHING, 3) == [0, 1]
    assert history.reader is None
    assert positions(history, 3, 7) == [4, 7]
    assert positions(history, 7, 19) == [8]
    assert positions(history, 8, 30) == [20]
    write(kafka, decisions, 8, 20, 21)
    assert positions(history, 20, 30) == [21]
    history.close()


@pytest.mark.servers
def test_a_gap_between_archive_and_decisions_is_told(
    kafka: str, decisions: Topic, tmp_path: Path
) -> None:
    write(kafka, decisions, *range(10))
    Archive.open(tmp_path).append(rows(0, 1), 0, Mark(1, 2))
    end = TopicPartition(decisions.name, 0, 5)
    admin = AdminClient({"bootstrap.servers": kafka})
    for deleted in admin.delete_records([end]).values():
        deleted.result(30)
    history = History(a_place(kafka, decisions, tmp_path), columns_for([]))

    with pytest.raises(HistoryGone, match=r"begins at 5, and only what came before 2 is archived"):
        positions(history, NOTHING, 9)
