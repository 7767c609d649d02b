"""The flow in memory: order, copies, dead letters, changes at their position, workers, recovery."""

from datetime import timedelta
from pathlib import Path

import pytest
from bytewax.testing import TestingSource

from data_contracts import codec, ids
from data_contracts.control import BreakerRecord, ControlKind
from data_contracts.decision import Verdict
from dataflows import recovery
from tests.dataflows.scoring.logs import (
    Log,
    a_rule,
    a_rule_set,
    decisions,
    letters,
    rejections,
)
from tests.dataflows.scoring.traffic import rich_log
from tests.factories import NOON, a_transaction


def test_decisions_leave_in_order_of_position_each_id_once() -> None:
    log = rich_log()

    found = decisions(letters(log.batches()))

    positions = [decision.position for decision in found]
    assert positions == sorted(set(positions))
    assert len({decision.event_id for decision in found}) == len(found) == 273
    assert all(
        decision.event_id == ids.text(ids.event_id("demo", decision.transaction.transaction_id))
        for decision in found
    )


def test_a_decision_is_encoded_as_its_struct_is() -> None:
    log = Log()
    log.add(a_transaction(transaction_id="before-any-rules"))
    log.messages += [message._replace(offset=message.offset + 1) for message in rich_log().messages]

    found = letters(log.batches())

    for letter, decision in zip(
        [letter for letter in found if letter.topic.name == "decisions.v1"],
        decisions(found),
        strict=True,
    ):
        assert letter.value == codec.encode(decision)
        assert letter.key == ids.event_id("demo", decision.transaction.transaction_id)


def test_what_cannot_be_read_becomes_a_dead_letter_with_its_place_and_id() -> None:
    log = Log()
    log.add(a_transaction())
    log.write(b'{"tenant": "demo", "transaction_id": "broken", "amount_minor": 4111111111111111}')
    log.write(b"\xff")
    log.add(a_transaction())

    found = letters(log.batches())

    first, second = rejections(found)
    assert len(decisions(found)) == 2
    assert (first.topic, first.partition, first.offset) == ("transactions.v1", 0, 1)
    assert first.event_id == ids.text(ids.event_id("demo", "broken"))
    assert b"4111" not in first.value
    assert first.is_masked
    assert (second.offset, second.code, second.event_id) == (2, "not-json", None)


def test_a_control_record_takes_effect_between_its_neighbours() -> None:
    log, large = Log(), a_transaction(amount_minor=6000)
    log.add(large)
    rule_set = a_rule_set(a_rule("large"))
    log.publish(rule_set)
    log.add(a_transaction(amount_minor=6000))
    tripped = BreakerRecord(rule_id="large", is_tripped=True, reason="too many", recorded_at=NOON)
    log.write(codec.encode(tripped), ControlKind.BREAKER)
    log.add(a_transaction(amount_minor=6000))

    before, between, after = decisions(letters(log.batches(100)))

    assert (before.verdict, before.rule_set) == (Verdict.APPROVE, "")
    assert (between.verdict, between.rule_set) == (Verdict.REVIEW, rule_set.fingerprint())
    assert [hit.rule_id for hit in between.hits] == ["large"]
    assert (after.verdict, after.hits) == (Verdict.APPROVE, ())
    assert [hit.rule_id for hit in after.shadow_hits] == ["large"]


def test_a_control_record_that_cannot_be_taken_is_a_dead_letter_and_changes_nothing() -> None:
    log = Log()
    log.publish(a_rule_set(a_rule("large")))
    log.write(b"{}", ControlKind.RULE_SET)
    log.write(b"{}", "no-such-kind")
    wrong = a_rule_set(a_rule("wrong", when="no_such_field > 1"))
    log.publish(wrong)
    log.add(a_transaction(amount_minor=6000))

    found = letters(log.batches(100))

    assert [letter.code for letter in rejections(found)] == [
        "not-as-agreed",
        "unknown-kind",
        "rule-set",
    ]
    kinds = [letter.kind for letter in rejections(found)]
    assert kinds == ["rule-set", "no-such-kind", "rule-set"]
    assert decisions(found)[0].verdict is Verdict.REVIEW


@pytest.mark.parametrize(("shards", "workers"), [(2, 1), (4, 1), (1, 2), (2, 2), (4, 2)])
def test_any_number_of_shards_and_workers_decides_the_same(shards: int, workers: int) -> None:
    log = rich_log()

    undivided, divided = (
        letters(log.batches()),
        letters(log.batches(), shards=shards, workers=workers),
    )

    assert divided == undivided


@pytest.mark.parametrize("shards", [1, 3])
def test_after_a_crash_it_decides_as_if_nothing_had_been(tmp_path: Path, shards: int) -> None:
    batches = rich_log().batches()
    crashes = [
        *batches[:15],
        TestingSource.ABORT(),
        *batches[15:30],
        TestingSource.EOF(),
        *batches[30:],
    ]
    store = recovery.store(tmp_path / "store")

    found = [letters(crashes, shards=shards, recovery=store) for _ in range(4)]

    sent = {letter.key: letter for part in found for letter in part if letter.key}
    undisturbed = letters(batches)
    assert sent == {letter.key: letter for letter in undisturbed if letter.key}
    assert [bool(part) for part in found] == [True, True, False, True]


def test_the_batches_in_which_a_log_is_read_change_nothing() -> None:
    log = rich_log()

    singly, at_once = letters(log.batches(1)), letters(log.batches(1000))

    assert decisions(singly) == decisions(at_once)
    assert rejections(singly) == rejections(at_once)


def test_a_transaction_dated_far_ahead_of_its_receipt_is_refused() -> None:
    log = Log()
    log.add(a_transaction(occurred_at=NOON + timedelta(days=400), received_at=NOON))

    assert [letter.code for letter in rejections(letters(log.batches()))] == ["time-in-the-future"]
