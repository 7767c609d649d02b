"""What the door lets in is a legal transaction; all else is refused with its reason."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from data_contracts import codec, door
from data_contracts.door import (
    BATCH_MAX,
    FUTURE_MAX,
    parse_batch,
    parse_request,
    parse_stored,
)
from data_contracts.transaction import Transaction
from data_contracts.violation import ContractViolation
from tests.data_contracts.requests import ACCEPTED, REFUSALS, body
from tests.data_contracts.strategies import transactions
from tests.factories import NOON, a_request, a_transaction

each_refusal = pytest.mark.parametrize(
    ("raw", "code", "pointer"), REFUSALS.values(), ids=REFUSALS.keys()
)


@each_refusal
def test_a_wrong_request_is_refused_with_code_and_place(
    raw: bytes, code: str, pointer: str
) -> None:
    with pytest.raises(ContractViolation) as refusal:
        parse_request(raw)
    assert (refusal.value.code, refusal.value.pointer) == (code, pointer)
    assert refusal.value.detail


@each_refusal
def test_a_wrong_item_is_refused_alone_and_its_neighbours_are_not(
    raw: bytes, code: str, pointer: str
) -> None:
    if code == "not-json":
        return  # Then the whole body is none; see the next test.
    first, wrong, last = parse_batch(
        b'{"transactions":[' + body() + b"," + raw + b"," + body() + b"]}"
    )
    assert isinstance(wrong, ContractViolation)
    assert (wrong.code, wrong.pointer) == (code, pointer)
    assert not isinstance(first, ContractViolation)
    assert first == last == parse_request(body())


@pytest.mark.parametrize("raw", [b"{", b"", b'{"transactions":[{]}', b"\xff"])
def test_a_batch_that_is_no_json_is_refused_whole(raw: bytes) -> None:
    with pytest.raises(ContractViolation) as refusal:
        parse_batch(raw)
    assert refusal.value.code == "not-json"


@pytest.mark.parametrize("count", [0, BATCH_MAX + 1])
def test_a_batch_has_a_size(count: int) -> None:
    items = b",".join([body()] * count)
    with pytest.raises(ContractViolation) as refusal:
        parse_batch(b'{"transactions":[' + items + b"]}")
    assert (refusal.value.code, refusal.value.pointer) == ("batch-size", "/transactions")


def test_a_batch_with_its_key_twice_is_refused_whole() -> None:
    with pytest.raises(ContractViolation) as refusal:
        parse_batch(b'{"transactions":[],"transactions":[' + body() + b"]}")
    assert refusal.value.code == "duplicate-key"


@pytest.mark.parametrize("raw", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_a_right_request_is_taken_alone_and_in_a_batch(raw: bytes) -> None:
    expected = {key: value for key, value in json.loads(raw).items() if value is not None}
    request = parse_request(raw)
    (item,) = parse_batch(b'{"transactions":[' + raw + b"]}")
    assert request == item
    found = json.loads(codec.encode(request))
    assert found | {"occurred_at": expected["occurred_at"]} == expected


def test_a_time_with_an_offset_becomes_utc() -> None:
    request = parse_request(body(occurred_at="2026-03-02T14:00:00+02:00"))
    assert request.occurred_at == NOON
    assert request.occurred_at.tzinfo is UTC


@given(transactions())
@example(a_transaction())
def test_what_we_write_we_read_back_the_same(transaction: Transaction) -> None:
    written = codec.encode(transaction)
    found, canonical = parse_stored(written)
    assert found == transaction
    assert canonical == written


@given(transactions())
def test_a_request_is_the_same_alone_in_a_batch_and_with_spaces(transaction: Transaction) -> None:
    fields = json.loads(codec.encode(transaction))
    del fields["tenant"], fields["received_at"]
    compact = json.dumps(fields, separators=(",", ":"), ensure_ascii=False).encode()
    request = parse_request(compact)
    assert parse_request(json.dumps(fields, indent=1).encode()) == request
    assert parse_batch(b'{"transactions":[' + compact + b"]}") == [request]
    assert json.loads(codec.encode(request)) == fields


def mangled(draw: Callable[[st.SearchStrategy[Any]], Any], written: bytes) -> bytes:
    start = draw(st.integers(0, len(written)))
    end = draw(st.integers(start, min(len(written), start + 20)))
    return written[:start] + bytes(draw(st.binary(max_size=8))) + written[end:]


@given(transactions(), st.data())
def test_bytes_changed_anywhere_are_read_or_refused_never_worse(
    transaction: Transaction, data: st.DataObject
) -> None:
    broken = mangled(data.draw, codec.encode(transaction))
    for parse in (parse_stored, parse_request, parse_batch):
        try:
            parse(broken)
        except ContractViolation as violation:
            assert violation.code  # noqa: PT017  (either outcome is right; a third one fails)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(st.sampled_from(Transaction.__struct_fields__), json_values)
def test_any_json_in_any_field_is_read_or_refused_never_worse(name: str, value: object) -> None:
    fields = json.loads(codec.encode(a_transaction())) | {name: value}
    try:
        found, canonical = parse_stored(json.dumps(fields).encode())
    except ContractViolation as violation:
        assert violation.code  # noqa: PT017  (either outcome is right; a third one fails)
    else:
        assert parse_stored(canonical) == (found, canonical)


@pytest.mark.parametrize(
    ("received_at", "code"),
    [
        ("2026-03-02T12:00:00.0001Z", "time-not-utc-ms"),
        ("2026-03-02T12:00:00.000000001Z", "time-too-fine"),
        ("2026-03-02T12:00:00+01:00", "time-not-utc-ms"),
        ("1970-01-01T00:00:00Z", "time-too-old"),
        ("9999-06-01T00:00:00Z", "time-too-old"),
    ],
)
def test_the_log_knows_times_of_arrival_in_utc_milliseconds_only(
    received_at: str, code: str
) -> None:
    fields = json.loads(codec.encode(a_transaction())) | {"received_at": received_at}
    with pytest.raises(ContractViolation) as refusal:
        parse_stored(json.dumps(fields).encode())
    assert (refusal.value.code, refusal.value.pointer) == (code, "/received_at")


@pytest.mark.parametrize("tenant", ["a b", "a\x00", "é", "x" * 33, ""])
def test_the_log_knows_tenants_by_printable_names_only(tenant: str) -> None:
    fields = json.loads(codec.encode(a_transaction())) | {"tenant": tenant}
    with pytest.raises(ContractViolation) as refusal:
        parse_stored(json.dumps(fields).encode())
    assert refusal.value.pointer == "/tenant"


def test_what_others_wrote_into_the_log_is_read_in_its_canonical_form() -> None:
    transaction = a_transaction()
    fields = json.loads(codec.encode(transaction)) | {"occurred_at": "2026-03-02T13:00:00+01:00"}
    found, canonical = parse_stored(json.dumps(fields, indent=2).encode())
    assert found == transaction
    assert canonical == codec.encode(transaction)


@given(st.uuids(version=4))
@example(UUID("4b41d1c5-1111-4111-8111-111111111111"))
def test_a_random_id_is_never_taken_for_a_card_number(identifier: UUID) -> None:
    assert parse_request(body(transaction_id=str(identifier))).transaction_id == str(identifier)
    if any(letter in "abcdef" for letter in identifier.hex):
        assert parse_request(body(transaction_id=identifier.hex)).transaction_id == identifier.hex


def test_five_minutes_ahead_is_the_most() -> None:
    latest = a_request(occurred_at=NOON + FUTURE_MAX)
    door.check_future(latest, NOON)
    with pytest.raises(ContractViolation) as refusal:
        door.check_future(latest, NOON - timedelta(milliseconds=1))
    assert refusal.value.code == "time-in-the-future"


class Note(msgspec.Struct):
    """Some other request."""

    text: str
    at: datetime | None = None


def test_other_requests_are_read_by_the_same_rules() -> None:
    assert door.parse_strictly(b'{"text":"a"}', Note) == Note("a")
    for wrong, code in (
        (b'{"text":"a","text":"b"}', "duplicate-key"),
        (b'{"text":"\\u0000"}', "nul-character"),
        (b'{"text":"4111111111111111"}', "card-number"),
        (b'{"text":1}', "not-as-agreed"),
    ):
        with pytest.raises(ContractViolation) as refusal:
            door.parse_strictly(wrong, Note)
        assert refusal.value.code == code
