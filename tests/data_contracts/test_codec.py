"""Every value comes back from its bytes, and bytes of no value are refused."""

from datetime import UTC, datetime

import msgspec
import pytest

from data_contracts import codec
from data_contracts.alert import Alert, AlertKind
from data_contracts.contracts import CONTRACTS
from data_contracts.control import (
    RECORDS,
    BreakerRecord,
    ControlKind,
    FeatureWarmRecord,
    ListEntryRecord,
    RuleSetRecord,
)
from data_contracts.dead_letter import DeadLetter
from data_contracts.decision import Decision, ListHit, RuleHit, Severity, Verdict
from data_contracts.resolution import Resolution, ResolutionKind
from data_contracts.transaction import Transaction, TransactionRequest
from data_contracts.violation import ContractViolation
from tests.factories import NOON, a_decision, a_request, a_transaction

HIT = RuleHit(
    rule_id="r", version=1, typology="t", severity=Severity.HIGH, score=60, reason="because"
)
VALUES: dict[type[msgspec.Struct], msgspec.Struct] = {
    Transaction: a_transaction(latitude=48.25, longitude=-0.5, description="кофе"),
    TransactionRequest: a_request(),
    Decision: a_decision(
        verdict=Verdict.REVIEW,
        score=60,
        hits=(HIT,),
        shadow_hits=(HIT, HIT),
        list_hit=ListHit(list_id="l", field="device_id", reason="because"),
        features={"count": 5, "average": 0.1, "country": "DE", "unknown": None},
        flags={"unknown": "warming"},
    ),
    RuleSetRecord: RuleSetRecord(
        rule_set="ab", document=b"\x00\xff", published_by="a", published_at=NOON, approved_by="b"
    ),
    ListEntryRecord: ListEntryRecord(
        list_id="l", value="v", reason="r", owner="o", recorded_at=NOON, removed=True
    ),
    BreakerRecord: BreakerRecord(rule_id="r", is_tripped=False, reason="why", recorded_at=NOON),
    FeatureWarmRecord: FeatureWarmRecord(feature="f", definition="ab"),
    DeadLetter: DeadLetter(
        topic="t",
        partition=0,
        offset=7,
        code="not-json",
        pointer="",
        reason="r",
        value=b"\x00\xff{",
        original_sha256="ab",
    ),
    Alert: Alert(
        alert_id="a",
        kind=AlertKind.OPERATION,
        tenant="demo",
        entity_kind="channel",
        entity="card",
        severity=Severity.LOW,
        title="t",
        reasons=("r",),
        rules=("volume-drop",),
        raised_at=NOON,
    ),
    Resolution: Resolution(
        resolution_id="r",
        tenant="demo",
        event_id="e",
        kind=ResolutionKind.EXPIRE,
        reason="r",
        resolved_by="posting",
        resolved_at=NOON,
    ),
}


@pytest.mark.parametrize("value", VALUES.values(), ids=lambda value: type(value).__name__)
def test_a_value_comes_back_from_its_bytes(value: msgspec.Struct) -> None:
    assert codec.decode(codec.encode(value), type(value)) == value


def test_every_value_of_a_contract_is_tried() -> None:
    promised = {struct for contract in CONTRACTS for struct in contract.structs}
    assert promised == VALUES.keys() - {TransactionRequest}


def test_every_kind_of_control_record_has_its_struct() -> None:
    assert RECORDS.keys() == set(ControlKind)


def test_a_field_that_is_null_is_absent() -> None:
    assert b"null" not in codec.encode(a_transaction())
    assert b'"ip"' not in codec.encode(a_transaction())


def test_a_field_that_came_later_does_not_disturb_an_older_reader() -> None:
    later = codec.encode(VALUES[Alert])[:-1] + b',"colour":"red"}'
    assert codec.decode(later, Alert) == VALUES[Alert]


def test_a_time_is_written_in_utc() -> None:
    at = datetime(2026, 3, 2, 12, 0, 0, 250_000, tzinfo=UTC)
    assert b'"received_at":"2026-03-02T12:00:00.250000Z"' in codec.encode(
        a_transaction(received_at=at)
    )


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'{"alert_id":1}', b"\xff"])
def test_bytes_of_no_value_are_refused(raw: bytes) -> None:
    with pytest.raises(ContractViolation, match="no Alert"):
        codec.decode(raw, Alert)


def test_a_value_is_plain_lists_and_dictionaries() -> None:
    plain = codec.builtins(VALUES[BreakerRecord])
    assert plain == {
        "rule_id": "r",
        "is_tripped": False,
        "reason": "why",
        "recorded_at": "2026-03-02T12:00:00Z",
    }
