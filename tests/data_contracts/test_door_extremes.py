"""What once crashed the door, echoed its input, or kept it busy."""

import json

import pytest

from data_contracts.door import parse_batch, parse_request
from data_contracts.violation import ContractViolation

REQUEST = {
    "transaction_id": "t-1",
    "account_id": "account-1",
    "type": "transfer",
    "direction": "debit",
    "amount_minor": 5,
    "currency": "EUR",
    "occurred_at": "2026-11-22T12:00:00Z",
    "channel": "api",
}


def a_body(**changes: object) -> bytes:
    return json.dumps(REQUEST | changes).encode()


def a_batch(*items: bytes) -> bytes:
    return b'{"transactions":[' + b",".join(items) + b"]}"


@pytest.mark.parametrize(
    ("occurred_at", "code"),
    [
        ("9999-12-31T23:59:59-23:59", "time-in-the-future"),
        ("0001-01-01T00:00:00+23:59", "time-too-old"),
    ],
)
def test_a_time_that_has_no_utc_is_refused(occurred_at: str, code: str) -> None:
    with pytest.raises(ContractViolation) as refusal:
        parse_request(a_body(occurred_at=occurred_at))
    assert (refusal.value.code, refusal.value.pointer) == (code, "/occurred_at")


def test_a_whole_number_too_long_for_python_refuses_its_item_only() -> None:
    huge = a_body().replace(b": 5,", b": " + b"9" * 5_000 + b",")
    first, second = parse_batch(a_batch(huge, a_body()))
    assert isinstance(first, ContractViolation)
    assert first.pointer == "/amount_minor"
    assert not isinstance(second, ContractViolation)


@pytest.mark.parametrize(
    "body", [a_body(type="4111111111111111"), a_body(**{"4111111111111111": 1})]
)
def test_a_refusal_never_repeats_what_was_sent(body: bytes) -> None:
    with pytest.raises(ContractViolation) as refusal:
        parse_request(body)
    assert "4111" not in str(refusal.value)


def test_a_refusal_names_a_field_that_we_do_not_know() -> None:
    with pytest.raises(ContractViolation, match="amuont"):
        parse_request(a_body(amuont=1))


def test_a_duplicate_among_very_many_keys_is_found() -> None:
    item = "{" + ",".join(f'"{number}":0' for number in range(90_000)) + ',"0":1}'
    (found,) = parse_batch(a_batch(item.encode()))
    assert isinstance(found, ContractViolation)
