"""The connectors: cuts at control records, and nothing lost in silence."""

import pytest
from confluent_kafka import KafkaException, Producer

from data_contracts.topics import DECISIONS
from dataflows.connectors import Letter, LetterPartition, LetterSink, Logged, cell_of, cut, key_of
from runtime.kafka import Outbox, producer_settings


def test_a_poll_is_cut_before_and_after_each_control_record() -> None:
    kinds = [None, None, "rule-set", "breaker", None]
    messages = [Logged(offset, b"", None, kind) for offset, kind in enumerate(kinds)]

    batches = cut(3, messages)

    assert [[message.offset for message in batch.messages] for batch in batches] == [
        [0, 1],
        [2],
        [3],
        [4],
    ]
    assert [batch.is_control for batch in batches] == [False, True, True, False]
    assert {batch.cell for batch in batches} == {3}


def test_a_poll_of_nothing_is_no_batch() -> None:
    assert cut(0, []) == []


def test_each_cell_has_its_part_however_many_there_are() -> None:
    cells = range(12)
    sink = LetterSink("unused", cells)
    parts = sorted(sink.list_parts())

    assert [int(parts[sink.part_fn(key_of(cell))]) for cell in cells] == list(cells)
    assert cell_of(key_of(11)) == 11


def test_an_epoch_does_not_close_over_what_was_not_delivered() -> None:
    settings = producer_settings("127.0.0.1:1") | {"message.timeout.ms": 300}
    partition = LetterPartition(Outbox(Producer(settings)), 0)
    partition.write_batch([[Letter(DECISIONS, b"decision")]])

    with pytest.raises(KafkaException):
        partition.snapshot()
