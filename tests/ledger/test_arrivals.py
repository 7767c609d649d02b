import json
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from data_contracts import ids
from data_contracts.codec import decode, encode
from data_contracts.decision import RuleHit, Severity
from data_contracts.resolution import ResolutionKind
from data_contracts.transaction import Transaction
from data_contracts.violation import ContractViolation
from ledger.arrivals import parse_decision, parse_resolution, payload_hash
from ledger.values import Decided
from tests.factories import NOON, a_decision, a_transaction
from tests.ledger.arrivals import a_resolution

HIT = RuleHit(rule_id="r", version=1, typology="t", severity=Severity.LOW, score=5, reason="a\x00b")


def decision_with(**changes: Any) -> bytes:  # noqa: ANN401  (also of wrong types)
    document = json.loads(encode(a_decision(position=3))) | changes
    return json.dumps(document).encode()


def plain(raw: bytes) -> bytes:
    document = json.loads(raw)
    for name in ("features", "flags", "shadow_hits"):
        del document[name]
    return json.dumps(document).encode()


def test_a_decision_becomes_an_arrival_with_its_movement() -> None:
    decision = a_decision(position=3, transaction=a_transaction(amount_minor=77))
    arrival = parse_decision(encode(decision), 0, NOON)

    assert arrival.decision == decode(encode(decision), Decided)
    assert arrival.event_id == ids.event_id("demo", decision.transaction.transaction_id)
    assert (arrival.movement.position, arrival.movement.amount_minor) == (3, 77)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "not-as-agreed"),
        (b"\xff{", "not-as-agreed"),
        (b"[1]", "not-as-agreed"),
        (decision_with(verdict="maybe"), "not-as-agreed"),
        (decision_with(event_id="018f0000-0000-8000-8000-000000000000"), "event-id"),
        (decision_with(event_id="x"), "event-id"),
        (decision_with(cell=1), "cell"),
        (decision_with(position=-1), "position"),
        (decision_with(position=2**63), "position"),
        (decision_with(score=101), "score"),
        (decision_with(score=-1), "score"),
        (encode(a_decision(hits=(HIT,))), "nul-character"),
        (encode(a_decision(rule_set="\x00")), "nul-character"),
    ],
)
def test_what_is_no_decision_of_the_cell_is_refused_with_a_reason(raw: bytes, code: str) -> None:
    with pytest.raises(ContractViolation) as refusal:
        parse_decision(raw, 0, NOON)

    assert refusal.value.code == code


def test_what_is_not_booked_is_not_read() -> None:
    raw = encode(a_decision(features={"\x00": 1}, flags={"a": "\x00"}, shadow_hits=(HIT,)))

    assert parse_decision(raw, 0, NOON).decision == parse_decision(plain(raw), 0, NOON).decision


def test_an_escape_that_is_no_nul_is_taken() -> None:
    decision = a_decision(transaction=a_transaction(description="a\x01\\u0000b"))

    assert parse_decision(encode(decision), 0, NOON).decision.transaction == decision.transaction


def test_a_retry_has_the_same_hash_and_any_other_payload_another() -> None:
    first = a_transaction(description='the last,"tenant":"field')
    later = first.received_at + timedelta(hours=1)
    retry = msgspec.structs.replace(first, received_at=later)

    assert payload_hash(retry) == payload_hash(first)
    for change in ({"amount_minor": 1}, {"description": "other"}, {"merchant_id": None}):
        assert payload_hash(msgspec.structs.replace(first, **change)) != payload_hash(first)


def test_what_is_outside_the_hash_stands_last_in_the_struct() -> None:
    assert Transaction.__struct_fields__[-2:] == ("tenant", "received_at")


def test_a_resolution_is_read_or_refused() -> None:
    resolution = a_resolution("t", ResolutionKind.POST)
    assert parse_resolution(encode(resolution)) == resolution

    for change, code in (({"event_id": "?"}, "id"), ({"reason": "\x00"}, "nul-character")):
        with pytest.raises(ContractViolation) as refusal:
            parse_resolution(encode(msgspec.structs.replace(resolution, **change)))
        assert refusal.value.code == code
