"""Messages that may stand in the log and are no transaction: twenty kinds, with their reasons."""

import json
from collections.abc import Callable
from typing import Any

from data_contracts import codec
from tests.factories import a_transaction

Fields = dict[str, Any]


def _changed(**changes: object) -> Callable[[Fields], bytes]:
    def write(fields: Fields) -> bytes:
        return json.dumps({**fields, **changes}).encode()

    return write


def _without(name: str) -> Callable[[Fields], bytes]:
    def write(fields: Fields) -> bytes:
        return json.dumps({key: value for key, value in fields.items() if key != name}).encode()

    return write


def _twice(name: str) -> Callable[[Fields], bytes]:
    def write(fields: Fields) -> bytes:
        return json.dumps(fields)[:-1].encode() + b', "%s": "again"}' % name.encode()

    return write


def _raw(raw: bytes) -> Callable[[Fields], bytes]:
    return lambda fields: raw + fields["transaction_id"].encode()


WRONG: dict[str, tuple[Callable[[Fields], bytes], str, str]] = {
    "nothing but text": (_raw(b"hello "), "not-json", ""),
    "not UTF-8": (_raw(b'{"tenant": "\xff'), "not-json", ""),
    "cut off": (lambda fields: json.dumps(fields).encode()[:-20], "not-json", ""),
    "a list": (lambda fields: json.dumps([fields]).encode(), "not-as-agreed", ""),
    "no amount": (_without("amount_minor"), "not-as-agreed", ""),
    "no tenant": (_without("tenant"), "not-as-agreed", ""),
    "an amount of nothing": (_changed(amount_minor=0), "not-as-agreed", "/amount_minor"),
    "an amount in text": (_changed(amount_minor="12"), "not-as-agreed", "/amount_minor"),
    "an amount with a fraction": (_changed(amount_minor=1.5), "not-as-agreed", "/amount_minor"),
    "a field we do not know": (_changed(colour="red"), "not-as-agreed", ""),
    "a type we do not know": (_changed(type="gift"), "not-as-agreed", "/type"),
    "a currency that is none": (_changed(currency="ZZZ"), "currency", "/currency"),
    "a naive time": (
        _changed(occurred_at="2026-03-02T12:00:00"),
        "not-as-agreed",
        "/occurred_at",
    ),
    "a time too fine": (
        _changed(occurred_at="2026-03-02T12:00:00.000001Z"),
        "time-too-fine",
        "/occurred_at",
    ),
    "a time long ago": (
        _changed(occurred_at="1999-12-31T23:59:59Z"),
        "time-too-old",
        "/occurred_at",
    ),
    "a time to come": (
        _changed(occurred_at="2027-03-02T12:00:00Z"),
        "time-in-the-future",
        "/occurred_at",
    ),
    "a receipt not in UTC": (
        _changed(received_at="2026-03-02T12:00:00+01:00"),
        "time-not-utc-ms",
        "/received_at",
    ),
    "a card number": (
        _changed(description="paid with 4111 1111 1111 1111"),
        "card-number",
        "/description",
    ),
    "a key twice": (_twice("account_id"), "duplicate-key", "/account_id"),
    "NUL": (_changed(description="a\x00b"), "nul-character", "/description"),
    "a place without the other half": (_changed(latitude=1.0), "half-a-place", "/latitude"),
    "an address that is none": (_changed(ip="300.1.1.1"), "ip-address", "/ip"),
}


def wrong_message(kind: str, number: int) -> bytes:
    """A message of that kind, different for each number."""
    fields = codec.builtins(a_transaction(transaction_id=f"wrong-{number}"))
    return WRONG[kind][0](fields)
