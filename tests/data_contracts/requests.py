"""Requests, right and wrong, with the code and the place of each refusal."""

import json
from typing import Any

from data_contracts import codec
from tests.factories import a_request

CARD = "4111111111111111"
WIDE_CARD = "".join(chr(ord(digit) - ord("0") + ord("\uff10")) for digit in CARD)


def body(**changes: Any) -> bytes:  # noqa: ANN401  (any JSON)
    """A request as JSON with some fields changed; a field that is `...` is left out."""
    fields = json.loads(codec.encode(a_request(transaction_id="t-1"))) | changes
    kept = {name: value for name, value in fields.items() if value is not ...}
    return json.dumps(kept, separators=(",", ":")).encode()


def raw(name: str, value: str) -> bytes:
    """A request in which one field is written exactly so."""
    return body(**{name: "HERE"}).replace(b'"HERE"', value.encode())


REFUSALS: dict[str, tuple[bytes, str, str]] = {
    "no JSON": (b"{", "not-json", ""),
    "nothing": (b"", "not-json", ""),
    "no UTF-8": (body().replace(b"t-1", b"t\xff1"), "not-json", ""),
    "UTF-16": (body().decode().encode("utf-16"), "not-json", ""),
    "NaN": (raw("latitude", "NaN"), "not-json", ""),
    "an infinite number": (raw("latitude", "1e400"), "not-as-agreed", "/latitude"),
    "a lone surrogate": (raw("description", '"\\ud800"'), "not-json", ""),
    "a raw control character": (raw("description", '"a\x01b"'), "not-json", ""),
    "something behind the end": (body() + b"{}", "not-json", ""),
    "a list": (b"[]", "not-as-agreed", ""),
    "null": (b"null", "not-as-agreed", ""),
    "a field that is missing": (body(account_id=...), "not-as-agreed", ""),
    "a field that is unknown": (body(colour="red"), "not-as-agreed", ""),
    "a tenant of the sender's choice": (body(tenant="other"), "not-as-agreed", ""),
    "a required field that is null": (body(account_id=None), "not-as-agreed", "/account_id"),
    "text for a number": (body(amount_minor="1250"), "not-as-agreed", "/amount_minor"),
    "a float for a whole number": (body(amount_minor=12.0), "not-as-agreed", "/amount_minor"),
    "true for a number": (body(amount_minor=True), "not-as-agreed", "/amount_minor"),
    "no amount": (body(amount_minor=0), "not-as-agreed", "/amount_minor"),
    "a negative amount": (body(amount_minor=-1), "not-as-agreed", "/amount_minor"),
    "a trillion and one": (body(amount_minor=10**12 + 1), "not-as-agreed", "/amount_minor"),
    "more than 64 bits": (body(amount_minor=2**70), "not-as-agreed", "/amount_minor"),
    "an unknown type": (body(type="gift"), "not-as-agreed", "/type"),
    "an unknown channel": (body(channel="fax"), "not-as-agreed", "/channel"),
    "an empty id": (body(transaction_id=""), "not-as-agreed", "/transaction_id"),
    "an id of 65": (body(transaction_id="x" * 65), "not-as-agreed", "/transaction_id"),
    "too much text": (body(description="x" * 281), "not-as-agreed", "/description"),
    "a number as a time": (body(occurred_at=1_764_000_000), "not-as-agreed", "/occurred_at"),
    "a time without a zone": (
        body(occurred_at="2026-03-02T12:00:00"),
        "not-as-agreed",
        "/occurred_at",
    ),
    "a day": (body(occurred_at="2026-03-02"), "not-as-agreed", "/occurred_at"),
    "microseconds": (
        body(occurred_at="2026-03-02T12:00:00.123456Z"),
        "time-too-fine",
        "/occurred_at",
    ),
    "nanoseconds that a decoder would cut": (
        body(occurred_at="2026-03-02T12:00:00.123000001Z"),
        "time-too-fine",
        "/occurred_at",
    ),
    "the last century": (
        body(occurred_at="1999-12-31T23:59:59.999Z"),
        "time-too-old",
        "/occurred_at",
    ),
    "north of the pole": (body(latitude=91, longitude=0), "not-as-agreed", "/latitude"),
    "half a place": (body(latitude=48.2), "half-a-place", "/latitude"),
    "the other half": (body(longitude=16.3), "half-a-place", "/latitude"),
    "a currency of old": (body(currency="DEM"), "currency", "/currency"),
    "a small currency": (body(currency="eur"), "currency", "/currency"),
    "a country in small letters": (body(country="de"), "country", "/country"),
    "a country of digits": (body(merchant_country="12"), "country", "/merchant_country"),
    "a category of letters": (
        body(merchant_category="54l1"),
        "merchant-category",
        "/merchant_category",
    ),
    "a category in other digits": (
        body(merchant_category="٥٤١١"),
        "identifier",
        "/merchant_category",
    ),
    "no address": (body(ip="256.1.1.1"), "ip-address", "/ip"),
    "an address with a zone": (body(ip="fe80::1%<b>"), "ip-address", "/ip"),
    "NUL": (body(description="a\x00b"), "nul-character", "/description"),
    "NUL in an id": (body(device_id="a\x00b"), "nul-character", "/device_id"),
    "a space in an id": (body(device_id="a b"), "identifier", "/device_id"),
    "a line end in an id": (body(device_id="a\nb"), "identifier", "/device_id"),
    "DEL in an id": (raw("device_id", '"a\x7fb"'), "identifier", "/device_id"),
    "an accent in an id": (body(device_id="café"), "identifier", "/device_id"),
    "a card number as token": (body(card_token=CARD), "card-number", "/card_token"),
    "a card number within an id": (body(device_id=f"id-{CARD}"), "card-number", "/device_id"),
    "a card number in text": (
        body(description=f"paid with {CARD}, thanks"),
        "card-number",
        "/description",
    ),
    "a card number in groups": (
        body(description="4111 1111 1111 1111"),
        "card-number",
        "/description",
    ),
    "a card number in wide digits": (
        body(description=WIDE_CARD),
        "card-number",
        "/description",
    ),
    "a card number in escapes": (
        raw("description", '"\\u0034111111111111111"'),
        "card-number",
        "/description",
    ),
    "a key twice": (
        body().replace(b'"channel":"card"', b'"channel":"card","channel":"atm"'),
        "duplicate-key",
        "/channel",
    ),
    "a key twice with the same value": (
        body().replace(b'"channel":"card"', b'"channel":"card","channel":"card"'),
        "duplicate-key",
        "/channel",
    ),
    "a key twice, once in escapes": (
        body().replace(b'"channel":"card"', b'"channel":"card","\\u0063hannel":"atm"'),
        "duplicate-key",
        "/channel",
    ),
    "a key twice, first null": (
        body().replace(b'"ip"', b'"ip"').replace(b"{", b'{"ip":null,"ip":"192.0.2.1",', 1),
        "duplicate-key",
        "/ip",
    ),
}

ACCEPTED = {
    "nulls for optional fields": body(ip=None, description=None),
    "a UUID as id": body(transaction_id="4b41d1c5-1111-4111-8111-111111111111"),
    "a UUID without dashes": body(transaction_id="a4111111111111111111111111111111"),
    "milliseconds since 1970 as id": body(transaction_id="1763829543250"),
    "nanoseconds since 1970 as id": body(transaction_id="1763829543250000000"),
    "a long number that fails Luhn": body(transaction_id="4111111111111112"),
    "a number that no issuer gave out": body(transaction_id="1111111111111117"),
    "twenty digits": body(transaction_id="41111111111111111111"),
    "an IBAN": body(counterparty_id="DE89370400440532013000"),
    "text in any script": body(description="кофе ☕ コーヒー"),
    "text with quotes and slashes": body(description='she said "no" \\ left'),
    "zeros behind the milliseconds": body(occurred_at="2026-03-02T12:00:00.123000000Z"),
    "a fine time within text": body(description="sent at 12:00:00.123456789"),
    "spaces between": json.dumps(json.loads(body()), indent=2).encode(),
    "an IPv6 address": body(ip="2001:db8::1"),
    "a place": body(latitude=48.2082, longitude=-16.3738),
    "a currency without minor units": body(currency="JPY"),
}
