"""What the kernel calls plain passes the door as it is, and it reads what the door reads."""

import json
import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_contracts import codec
from data_contracts.door import parse_stored
from data_contracts.transaction import Transaction
from data_contracts.violation import ContractViolation
from rules.features.layout import FIELD_OF, code_of, is_coded
from rules.features.messages import Messages
from rules.instants import epoch_ms
from tests.factories import NOON, a_transaction

MILLISECONDS = st.integers(0, 999).map(lambda number: timedelta(milliseconds=number))
IDENTIFIERS = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7F), max_size=66)
DIGITS = st.text("0123456789-", min_size=1, max_size=24)
TEXTS = IDENTIFIERS | DIGITS | st.sampled_from(["4111111111111111", "4111 1111 1111 1111", "é"])
PLACES = (
    st.floats(-91, 91)
    | st.decimals(-91, 91, places=4).map(float)
    | st.sampled_from([0.0, -0.0, 1e-7, 90.0, 1 / 3])
)
CHANGES: dict[str, st.SearchStrategy[object]] = {
    "transaction_id": TEXTS,
    "account_id": TEXTS,
    "type": st.sampled_from(["transfer", "card_payment", "gift"]),
    "amount_minor": st.integers(-1, 10**12 + 1) | st.just(10**12),
    "currency": st.sampled_from(["EUR", "USD", "ZZZ", "eur", "EU"]),
    "occurred_at": st.sampled_from(
        [
            "2026-03-02T12:00:00Z",
            "2026-03-02T12:06:00Z",
            "2026-02-29T12:00:00Z",
            "1999-12-31T23:59:59.999000Z",
            "2024-02-29T23:59:59.001000Z",
            "2026-03-02t12:00:00Z",
            "2026-03-02T12:00:00.000001Z",
            "2026-03-02T11:00:00+01:00",
            "2026-03-02T12:00:00",
        ]
    ),
    "description": TEXTS | st.none(),
    "merchant_category": st.sampled_from(["5411", "54a1", "541"]),
    "country": st.sampled_from(["DE", "de", "D1", "DEU"]) | st.none(),
    "ip": st.sampled_from(["10.0.0.1", "256.0.0.1", "01.2.3.4", "1.2.3", "::1", "1.2.3.4.5", ""]),
    "latitude": PLACES | st.none(),
    "longitude": PLACES | st.none(),
    "tenant": st.sampled_from(["demo", "de mo", "", "x" * 33]),
    "unknown": st.just("field"),
}


@st.composite
def written(draw: st.DrawFn) -> bytes:
    """A message that mostly is a transaction, or nearly one; sometimes with bytes put out."""
    fields = codec.builtins(a_transaction(transaction_id="t-1", received_at=NOON))
    for name in draw(st.lists(st.sampled_from(sorted(CHANGES)), max_size=4)):
        fields[name] = draw(CHANGES[name])
    order = FIELD_OF
    items = sorted(fields.items(), key=lambda item: order.get(item[0], 99))
    if draw(st.integers(0, 9)) == 0:
        items = draw(st.permutations(items))
    known = {name: value for name, value in items if value is not None}
    raw = json.dumps(known, separators=(",", ":"), ensure_ascii=draw(st.booleans())).encode()
    if draw(st.integers(0, 3)):
        return raw
    begin = draw(st.integers(0, len(raw)))
    return raw[:begin] + draw(st.binary(max_size=3)) + raw[begin + draw(st.integers(0, 3)) :]


def at_the_door(raw: bytes) -> tuple[Transaction, bytes] | None:
    try:
        return parse_stored(raw)
    except ContractViolation:
        return None


@settings(max_examples=1_500, deadline=None)  # The first call may compile.
@given(st.lists(written(), min_size=1, max_size=4))
def test_what_is_plain_passes_the_door_as_it_is(raws: list[bytes]) -> None:
    messages = Messages.read(raws)

    for row, raw in enumerate(raws):
        found = at_the_door(raw)
        if messages.are_plain[row]:
            assert found is not None
            assert found[1] == raw
        if found is not None:
            check_reading(Messages.trusted([found[1]]), found[0])


def check_reading(messages: Messages, transaction: Transaction) -> None:
    """The kernel reads of a message what stands in the transaction."""
    assert messages.transaction(0) == transaction
    assert messages.occurred[0] == epoch_ms(transaction.occurred_at)
    assert messages.received[0] == epoch_ms(transaction.received_at)
    assert messages.amounts[0] == transaction.amount_minor
    for name in FIELD_OF:
        value = getattr(transaction, name)
        if name in {"latitude", "longitude"}:
            place = float(messages.places(name)[0])
            assert math.isnan(place) if value is None else place == value
        elif value is None or isinstance(value, str):
            assert messages.texts(name)[0] == value
            if is_coded(name):
                assert messages.codes(name)[0] == (0 if value is None else code_of(value))


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001  (made aware below)
    MILLISECONDS,
)
def test_every_day_is_read(day: datetime, part: timedelta) -> None:
    at = day.replace(microsecond=0, tzinfo=UTC) + part

    messages = Messages.of([a_transaction(occurred_at=at)])

    assert messages.are_plain.all()
    assert messages.occurred.tolist() == [epoch_ms(at)]


def test_everyday_transactions_are_plain() -> None:
    everyday = [
        a_transaction(),
        a_transaction(latitude=52.520008, longitude=-13.404954, description="coffee, 2 x"),
        a_transaction(ip="192.168.0.255", device_id="3f2b-77", country="US", amount_minor=1),
        a_transaction(latitude=0.0, longitude=-0.0, counterparty_id="DE89370400440532013000"),
    ]

    assert Messages.of(everyday).are_plain.tolist() == [True, True, True, False]


def test_a_message_that_is_no_transaction_cannot_be_trusted() -> None:
    with pytest.raises(ValueError, match="canonical"):
        Messages.trusted([b"{}"])


def test_no_messages_are_no_rows() -> None:
    messages = Messages.read([])

    assert len(messages) == 0
    assert messages.texts("account_id") == []
