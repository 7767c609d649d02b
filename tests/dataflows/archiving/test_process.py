import random
import signal
import subprocess
from contextlib import AbstractContextManager
from pathlib import Path

import polars as pl
import pytest

from data_contracts import codec
from data_contracts.topics import DECISIONS, Topic
from runtime.archive import active_files, marks
from runtime.kafka import Outbox
from tests.factories import a_decision, a_topic
from tests.processes import Process, running
from tests.waiting import until
from watchkeeper.stack.topics import make_topics

SCRIPT = Path(__file__).with_name("archive_topic.py")

pytestmark = pytest.mark.servers


@pytest.fixture
def topic(kafka: str) -> Topic:
    made = a_topic(DECISIONS)
    make_topics(kafka, [made])
    return made


def send(kafka: str, topic: Topic, positions: range) -> None:
    outbox = Outbox.to(kafka)
    for position in positions:
        outbox.send(topic, codec.encode(a_decision(position=position)))
    outbox.flush()


def an_archiver(
    kafka: str, topic: Topic, data: Path, cells: int = 1
) -> AbstractContextManager[Process]:
    settings = {
        "WATCHKEEPER_KAFKA": kafka,
        "WATCHKEEPER_DATA": str(data),
        "WATCHKEEPER_ARCHIVE_SECONDS": "0.01",
        "WATCHKEEPER_CELLS": str(cells),
    }
    return running(SCRIPT, [topic.name], settings)


def archived(data: Path) -> list[int]:
    files = active_files(data / "archive" / "transactions")
    if not files:
        return []
    return pl.read_parquet(files, columns=["position"])["position"].sort().to_list()


def offsets(data: Path) -> list[int]:
    found = marks(data / "archive" / "transactions", cells=2)
    return [mark.next_offset for mark in found.values()]


def next_offset(data: Path) -> int:
    return sum(offsets(data))


def wait_for(data: Path, offset: int) -> None:
    until(lambda: next_offset(data) >= offset, f"{offset} decisions are archived")


def test_what_is_decided_is_in_the_archive_soon(kafka: str, topic: Topic, tmp_path: Path) -> None:
    with an_archiver(kafka, topic, tmp_path):
        send(kafka, topic, range(3))
        wait_for(tmp_path, 3)
        send(kafka, topic, range(3, 50))
        wait_for(tmp_path, 50)

    assert archived(tmp_path) == list(range(50))


def test_two_cells_are_archived_side_by_side(kafka: str, tmp_path: Path) -> None:
    topic = a_topic(DECISIONS)
    make_topics(kafka, [topic], cells=2)
    outbox = Outbox.to(kafka)
    for cell, count in ((0, 30), (1, 20)):
        for position in range(count):
            value = codec.encode(a_decision(cell=cell, position=position))
            outbox.send(topic, value, partition=cell)
    outbox.flush()

    with an_archiver(kafka, topic, tmp_path, cells=2):
        until(lambda: sorted(offsets(tmp_path)) == [20, 30], "both cells are archived")

    rows = pl.read_parquet(active_files(tmp_path / "archive" / "transactions"))
    counts = rows.group_by("cell").agg(pl.col("position").n_unique()).sort("cell")
    assert counts.rows() == [(0, 30), (1, 20)]


def test_sigterm_stores_what_still_waits(kafka: str, topic: Topic, tmp_path: Path) -> None:
    with an_archiver(kafka, topic, tmp_path) as archiver:
        send(kafka, topic, range(10))
        wait_for(tmp_path, 1)
        send(kafka, topic, range(10, 20))
        archiver.send_signal(signal.SIGTERM)

        assert archiver.wait(timeout=20) == 0

    rows = archived(tmp_path)
    assert rows == list(range(len(rows)))
    assert next_offset(tmp_path) == len(rows) >= 10


def test_killed_at_any_moment_it_stores_every_position_once(
    kafka: str, topic: Topic, tmp_path: Path
) -> None:
    dice = random.Random(7)  # noqa: S311  (a repeatable schedule)
    for start in range(0, 20_000, 2_000):
        send(kafka, topic, range(start, start + 2_000))
        send(kafka, topic, range(start + 1_900, start + 2_000))  # As a scorer does after a crash.
    sent, killed = 21_000, 0
    while next_offset(tmp_path) < sent:
        with an_archiver(kafka, topic, tmp_path) as archiver:
            wait_for(tmp_path, min(sent, next_offset(tmp_path) + 1))
            with pytest.raises(subprocess.TimeoutExpired):
                archiver.wait(timeout=dice.uniform(0, 0.1))
            archiver.kill()
            killed += archiver.wait() == -signal.SIGKILL

    assert killed >= 3
    assert archived(tmp_path) == list(range(20_000))
