"""Scoring as a process on a real broker: unreadable messages, kills, signals, refusals."""

import signal
from itertools import cycle, islice
from pathlib import Path

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from data_contracts import codec, ids
from data_contracts.dead_letter import DeadLetter
from data_contracts.decision import Decision
from data_contracts.topics import DECISIONS
from dataflows.connectors import Logged
from tests.dataflows.scoring.logs import RICH, Log, letters
from tests.dataflows.scoring.stand import Stand, some_topics
from tests.dataflows.scoring.traffic import rich_log
from tests.dataflows.scoring.wrong_messages import WRONG, wrong_message
from tests.factories import a_transaction

pytestmark = pytest.mark.servers


@pytest.fixture
def stand(kafka: str, tmp_path: Path) -> Stand:
    return Stand(kafka, tmp_path / "data", some_topics(kafka))


def test_a_thousand_wrong_messages_of_twenty_kinds_harm_no_good_one(stand: Stand) -> None:
    log, kinds = Log(), list(islice(cycle(WRONG), 1_000))
    for number, kind in enumerate(kinds):
        log.add(a_transaction(transaction_id=f"good-{number}"))
        log.write(wrong_message(kind, number))

    with stand.scoring():
        stand.write(log.messages)
        decided = stand.read(stand.topics.decisions, 1_000)
        rejected = stand.read(stand.topics.rejected, 1_000)

    good = [ids.event_id("demo", f"good-{number}") for number in range(1_000)]
    assert [letter.key for letter in decided] == good
    found = [codec.decode(letter.value, DeadLetter) for letter in rejected]
    assert [letter.offset for letter in found] == list(range(1, 2_000, 2))
    for kind, letter in zip(kinds, found, strict=True):
        assert (kind, letter.code, letter.pointer) == (kind, *WRONG[kind][1:])
        assert letter.topic == stand.topics.log.name
        assert b"4111 1111" not in letter.value


def test_killed_at_any_moment_it_decides_as_if_undisturbed(stand: Stand) -> None:
    log = rich_log(6_000)
    expected = [letter for letter in letters(log.batches(500)) if letter.topic == DECISIONS]
    pieces = [log.messages[at : at + 1_000] for at in range(0, len(log.messages), 1_000)]

    for number, piece in enumerate(pieces):
        with stand.scoring() as process:
            stand.write(piece)
            stand.read(stand.topics.decisions, 300 * number)
            process.kill()
            assert process.wait() == -signal.SIGKILL
    with stand.scoring():
        found = stand.read(stand.topics.decisions, len(expected))

    assert {letter.key: letter.value for letter in found} == {
        letter.key: letter.value for letter in expected
    }


def test_two_workers_send_what_one_sends(stand: Stand) -> None:
    log = rich_log(2_000)
    expected = [letter.value for letter in letters(log.batches()) if letter.topic == DECISIONS]
    divided = stand.with_changes(WATCHKEEPER_SCORING_WORKERS="2", WATCHKEEPER_SCORING_SHARDS="4")

    with divided.scoring():
        stand.write(log.messages)
        found = stand.read(stand.topics.decisions, len(expected))

    assert [letter.value for letter in found] == expected


def test_at_sigterm_it_leaves_nothing_to_be_done_again(stand: Stand) -> None:
    log = Log()
    log.add(*(a_transaction() for _ in range(100)))

    for part in (log.messages[:60], log.messages[60:]):
        with stand.scoring() as process:
            stand.write(part)
            sent = stand.read(stand.topics.decisions, part[-1].offset + 1)
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0

    assert len(sent) == 100
    assert stand.end_of(stand.topics.decisions) == 100


def test_a_second_process_on_the_same_store_is_refused(stand: Stand) -> None:
    stand.write(_some_messages())
    with stand.scoring():
        stand.read(stand.topics.decisions, 1)
        with stand.scoring() as second:
            _, said = second.communicate(timeout=60)

    assert second.returncode != 0
    assert "Another process scores with" in said


def test_another_number_of_shards_is_refused(stand: Stand) -> None:
    stand.write(_some_messages())
    with stand.scoring():
        stand.read(stand.topics.decisions, 1)
    with stand.with_changes(WATCHKEEPER_SCORING_SHARDS="2").scoring() as second:
        _, said = second.communicate(timeout=60)

    assert second.returncode != 0
    assert "WATCHKEEPER_SCORING_SHARDS=1" in said


def test_a_log_without_its_beginning_is_refused(kafka: str, stand: Stand) -> None:
    stand.write(_some_messages())
    end = TopicPartition(stand.topics.log.name, 0, 2)
    admin = AdminClient({"bootstrap.servers": kafka})
    for deleted in admin.delete_records([end]).values():
        deleted.result(30)

    with stand.scoring() as process:
        _, said = process.communicate(timeout=60)

    assert process.returncode != 0
    assert "begins at 2" in said


def test_a_broker_that_is_away_ends_the_process_with_an_error(stand: Stand) -> None:
    with stand.with_changes(WATCHKEEPER_KAFKA="127.0.0.1:1").scoring() as process:
        process.communicate(timeout=60)

    assert process.returncode != 0


def test_each_cell_has_an_order_and_a_partition_of_its_own(kafka: str, tmp_path: Path) -> None:
    stand = Stand(kafka, tmp_path / "data", some_topics(kafka, cells=3))
    logs = [Log(), Log(), Log()]
    for cell, log in enumerate(logs):
        log.publish(RICH)
        log.add(*(a_transaction(transaction_id=f"{cell}-{n}") for n in range(50)))

    with stand.scoring():
        for cell, log in enumerate(logs):
            stand.write(log.messages, cell)
        found = [stand.read(stand.topics.decisions, 50, cell) for cell in range(3)]

    for cell, part in enumerate(found):
        decided = [codec.decode(letter.value, Decision) for letter in part]
        assert [decision.position for decision in decided] == list(range(1, 51))
        assert {decision.cell for decision in decided} == {cell}
        assert decided[-1].features["count_1h"] == 50


def _some_messages() -> list[Logged]:
    log = Log()
    log.add(*(a_transaction() for _ in range(5)))
    return log.messages
