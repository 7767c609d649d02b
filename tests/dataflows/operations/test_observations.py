"""What is read of a message, and what of it is counted aside."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
import pytest
from confluent_kafka import Message

from data_contracts import codec
from data_contracts.control import KIND_HEADER, BreakerRecord, ControlKind
from data_contracts.dead_letter import DeadLetter
from data_contracts.decision import RuleHit, Severity, Verdict
from data_contracts.transaction import Channel
from dataflows.operations.hits import Armed, Switched
from dataflows.operations.observations import (
    DecisionObserver,
    LogObserver,
    RejectedObserver,
    Waiting,
)
from rules.instants import epoch_ms
from rules.model import Breaker, RuleSet
from rules.rule_set import pack
from tests.casework.published import RULE, RULE_SET, a_record
from tests.dataflows.operations.traffic import MINUTE_MS, SCORER, TENANT, channel
from tests.factories import NOON, a_decision, a_transaction, minute

NOON_MS = epoch_ms(NOON)
TILE = NOON_MS // MINUTE_MS


def a_message(
    value: bytes, offset: int = 0, at: datetime = NOON, kind: str = "", key: bytes | None = None
) -> Message:
    headers: list[tuple[str, str | bytes | None]] = [(KIND_HEADER, kind.encode())] if kind else []
    return Message(
        topic="t",
        partition=0,
        offset=offset,
        value=value,
        key=key,
        headers=headers,
        timestamp=(1, epoch_ms(at)),
    )


def test_transactions_are_counted_by_minute_tenant_and_channel() -> None:
    messages = [
        a_message(
            codec.encode(a_transaction(received_at=minute(at), channel=way)), offset, minute(1)
        )
        for offset, (at, way) in enumerate(
            [(0, Channel.CARD), (0.01, Channel.CARD), (0.5, Channel.ATM), (1, Channel.CARD)]
        )
    ]
    messages.append(a_message(codec.encode(a_transaction(tenant="other")), 4))
    seen = LogObserver(MINUTE_MS).observe(0, messages)
    assert seen.counts == {
        (TILE, channel("card")): [2, 0],
        (TILE, channel("atm")): [1, 0],
        (TILE, "other\tchannel\tcard"): [1, 0],
        (TILE + 1, channel("card")): [1, 0],
    }


def test_what_waits_is_noted_by_second() -> None:
    times = [0, 0.25, 0.75, 1.5]
    messages = [
        a_message(
            codec.encode(a_transaction(received_at=NOON + timedelta(seconds=seconds))), 10 + number
        )
        for number, seconds in enumerate(times)
    ]
    seen = LogObserver(MINUTE_MS).observe(0, messages)
    assert seen.waiting == (
        Waiting(first_ms=NOON_MS, last_position=12, count=3),
        Waiting(first_ms=NOON_MS + 1_500, last_position=13, count=1),
    )
    assert seen.newest_ms == NOON_MS + 1_500


def test_a_copy_counts_as_traffic_but_nobody_waits_for_it() -> None:
    observer = LogObserver(MINUTE_MS)
    keys = [number.to_bytes(8, "big") * 2 for number in range(100)]
    messages = [
        a_message(codec.encode(a_transaction()), offset, key=key) for offset, key in enumerate(keys)
    ]
    (first,) = observer.observe(0, messages).waiting
    assert first.count == 100
    again = observer.observe(0, [*messages, a_message(codec.encode(a_transaction()), 200)])
    assert again.counts == {(TILE, channel("card")): [101, 0]}
    assert again.waiting == (Waiting(first_ms=NOON_MS, last_position=200, count=1),)


def test_a_control_record_is_no_transaction() -> None:
    record = BreakerRecord(rule_id="r", is_tripped=True, reason="r", recorded_at=NOON)
    messages = [a_message(codec.encode(record), 0, kind=ControlKind.BREAKER)]
    seen = LogObserver(MINUTE_MS).observe(0, messages)
    assert (seen.counts, seen.unreadable, seen.waiting) == ({}, 0, ())


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"{",
        b"\xff",
        b"{}",
        codec.encode(a_transaction()).replace(b'"card"', b'"fax"'),
        codec.encode(a_transaction()).replace(b'"received_at":"2026-03-02T12:00:00Z"', b'"x":1'),
    ],
)
def test_what_cannot_be_read_is_counted_aside(value: bytes) -> None:
    good = codec.encode(a_transaction())
    seen = LogObserver(MINUTE_MS).observe(0, [a_message(value, 0), a_message(good, 1)])
    assert seen.unreadable == 1
    assert seen.counts == {(TILE, channel("card")): [1, 0]}


def test_what_is_dated_ahead_of_its_own_arrival_moves_no_time() -> None:
    ahead = codec.encode(a_transaction(received_at=NOON + timedelta(days=365)))
    seen = LogObserver(MINUTE_MS).observe(0, [a_message(ahead)])
    assert (seen.counts, seen.newest_ms, seen.ahead) == ({}, None, 1)


def decided(positions: Sequence[int], verdict: Verdict = Verdict.APPROVE) -> list[Message]:
    return [
        a_message(codec.encode(a_decision(position=position, verdict=verdict)))
        for position in positions
    ]


def test_decisions_are_counted_with_their_declines_at_the_time_of_arrival() -> None:
    observer = DecisionObserver(MINUTE_MS, TENANT)
    late = [a_message(message.value() or b"", at=minute(50)) for message in decided([5, 6])]
    seen = observer.observe(0, [*decided([1, 2], Verdict.DECLINE), *late])
    assert seen.counts == {(TILE, channel("card")): [4, 2], (TILE, SCORER): [4, 0]}
    assert seen.settled == 6


def test_a_decision_that_was_sent_twice_counts_once() -> None:
    observer = DecisionObserver(MINUTE_MS, TENANT)
    observer.observe(0, decided([1, 2, 3]))
    seen = observer.observe(0, decided([2, 3, 4]))
    assert seen.counts[TILE, SCORER] == [1, 0]
    again = DecisionObserver(MINUTE_MS, TENANT, settled=4).observe(0, decided([3, 4]))
    assert again.counts == {}


def a_letter(offset: int, at: datetime = NOON) -> Message:
    letter = DeadLetter(
        topic="t",
        partition=0,
        offset=offset,
        code="not-json",
        pointer="",
        reason="r",
        value=b"{",
        original_sha256="ab",
    )
    return a_message(codec.encode(letter), at=at)


def test_dead_letters_count_when_they_were_written_and_once() -> None:
    observer = RejectedObserver(MINUTE_MS, TENANT)
    seen = observer.observe(0, [a_letter(3), a_letter(4), a_letter(4), a_letter(9, minute(1))])
    assert seen.counts == {(TILE, SCORER): [2, 2], (TILE + 1, SCORER): [1, 1]}
    assert seen.settled == 9


def test_the_records_that_arm_and_switch_breakers_are_read_and_no_others() -> None:
    record = BreakerRecord(rule_id="card-burst", is_tripped=False, reason="x", recorded_at=NOON)
    breaker = Breaker(max_hits_per_hour=7)
    rule_set = RuleSet(
        rules=(msgspec.structs.replace(RULE, breaker=breaker),), policy=RULE_SET.policy
    )
    messages = [
        a_message(codec.encode(a_transaction()), 0),
        a_message(a_record(rule_set="wrong", document=pack(rule_set)), 1, kind="rule-set"),
        a_message(b"{", 2, kind="rule-set"),
        a_message(a_record(document=b"nothing"), 3, kind="rule-set"),
        a_message(codec.encode(record), 4, kind="breaker"),
        a_message(b"{}", 5, kind="feature-warm"),
    ]
    seen = LogObserver(MINUTE_MS).observe(0, messages)
    assert seen.controls == (
        Armed(breakers={"card-burst": breaker}),
        Switched(position=4, record=record),
    )
    assert seen.read_until == 5


def test_hits_with_effect_are_counted_by_minute_and_rule() -> None:
    burst = RuleHit(
        rule_id="card-burst", version=1, typology="x", severity=Severity.LOW, score=9, reason="r"
    )
    hits = [(0, (burst,), Verdict.REVIEW), (0.5, (burst,), Verdict.DECLINE), (1, (), "approve")]
    messages = [
        a_message(
            codec.encode(
                a_decision(
                    transaction=a_transaction(received_at=minute(at)),
                    position=40 + number,
                    verdict=Verdict(verdict),
                    hits=found,
                    shadow_hits=(burst,),
                )
            ),
            number,
            minute(2),
        )
        for number, (at, found, verdict) in enumerate(hits)
    ]
    seen = DecisionObserver(MINUTE_MS, TENANT).observe(0, messages)
    assert seen.decided == {TILE: 2, TILE + 1: 1}
    (fired,) = seen.fired
    assert (fired.minute, fired.rule_id, fired.first_position) == (TILE, "card-burst", 40)
    assert (fired.hits, fired.declines, fired.last_ms) == (2, 1, NOON_MS + 30_000)
