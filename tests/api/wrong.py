"""Requests that are wrong, each in its own way, with the answer that each must get."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from api.bodies import BATCH_BYTES_MAX, SINGLE_BYTES_MAX
from tests.api.house import REQUEST, a_batch, a_body

ONE, BATCH = "/v1/transactions", "/v1/transactions:batch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """A wrong request, made from an id of its own; `place` ends the pointer of its problem."""

    body: Callable[[str], bytes]
    status: int
    code: str
    place: str | None = None
    path: str = ONE
    headers: Mapping[str, str] | None = None


def _with(**changes: Any) -> Callable[[str], bytes]:  # noqa: ANN401  (JSON)
    return lambda name: a_body(**{"transaction_id": name, **changes})


def _as_text(old: str, new: str) -> Callable[[str], bytes]:
    return lambda name: a_body(transaction_id=name).replace(old.encode(), new.encode())


def _without(field: str) -> Callable[[str], bytes]:
    def body(name: str) -> bytes:
        fields = REQUEST | {"transaction_id": name}
        return json.dumps({key: value for key, value in fields.items() if key != field}).encode()

    return body


def _encoded(encoding: str) -> Callable[[str], bytes]:
    return lambda name: a_body(transaction_id=name).decode().encode(encoding)


def _violation(body: Callable[[str], bytes], code: str, place: str) -> Wrong:
    return Wrong(body=body, status=422, code=code, place=place)


def _disagreement(body: Callable[[str], bytes], place: str) -> Wrong:
    return _violation(body, "not-as-agreed", place)


def _unreadable(body: Callable[[str], bytes], path: str = ONE) -> Wrong:
    return Wrong(body=body, status=400, code="not-json", path=path)


def _other_type(**headers: str) -> Wrong:
    return Wrong(body=_with(), status=415, code="not-json-type", headers=headers)


AMOUNT = '"amount_minor": 1250'
CARD = "4111111111111111"

WRONGS: dict[str, Wrong] = {
    "no JSON": _unreadable(lambda name: name.encode()),
    "nothing": _unreadable(lambda _: b""),
    "half of it": _unreadable(lambda name: a_body(transaction_id=name)[:-10]),
    "something behind it": _unreadable(lambda name: a_body(transaction_id=name) + b"{}"),
    "a list": _disagreement(lambda name: b"[" + a_body(transaction_id=name) + b"]", ""),
    "null": _disagreement(lambda _: b"null", ""),
    "a field that we do not know": _disagreement(_with(tenant="other"), ""),
    "our own fields": _disagreement(_with(event_id="x", score=0, status="posted"), ""),
    "no amount": _disagreement(_without("amount_minor"), ""),
    "an amount of nothing": _disagreement(_with(amount_minor=0), "/amount_minor"),
    "a negative amount": _disagreement(_with(amount_minor=-1), "/amount_minor"),
    "an amount too large": _disagreement(_with(amount_minor=10**12 + 1), "/amount_minor"),
    "an amount that no integer holds": _disagreement(_with(amount_minor=2**64), "/amount_minor"),
    "an amount with a fraction": _disagreement(_with(amount_minor=12.5), "/amount_minor"),
    "an amount as text": _disagreement(_with(amount_minor="1250"), "/amount_minor"),
    "an amount of 5,000 digits": _disagreement(
        _as_text(AMOUNT, '"amount_minor": ' + "9" * 5_000), "/amount_minor"
    ),
    "an amount beyond all numbers": _disagreement(
        _as_text(AMOUNT, '"amount_minor": 1e400'), "/amount_minor"
    ),
    "an amount that is no number": _unreadable(_as_text(AMOUNT, '"amount_minor": NaN')),
    "an endless amount": _unreadable(_as_text(AMOUNT, '"amount_minor": Infinity')),
    "a currency in small letters": _violation(_with(currency="eur"), "currency", "/currency"),
    "a currency that is none": _violation(_with(currency="XXX"), "currency", "/currency"),
    "a currency with a hidden character": _disagreement(_with(currency="US\u200bD"), "/currency"),
    "a time without a zone": _disagreement(
        _with(occurred_at="2026-03-02T12:00:00"), "/occurred_at"
    ),
    "a time that never was": _disagreement(
        _with(occurred_at="2026-02-30T12:00:00Z"), "/occurred_at"
    ),
    "a time too fine": _violation(
        _with(occurred_at="2026-03-02T12:00:00.0001Z"), "time-too-fine", "/occurred_at"
    ),
    "a time before our time": _violation(
        _with(occurred_at="1999-12-31T23:59:59Z"), "time-too-old", "/occurred_at"
    ),
    "a time to come": _violation(
        _with(occurred_at="2099-01-01T00:00:00Z"), "time-in-the-future", "/occurred_at"
    ),
    "a time that has no UTC": _violation(
        _with(occurred_at="9999-12-31T23:59:59-23:59"), "time-in-the-future", "/occurred_at"
    ),
    "an unknown type": _disagreement(_with(type="gift"), "/type"),
    "an empty id": _disagreement(_with(transaction_id=""), "/transaction_id"),
    "an id too long": _disagreement(_with(transaction_id="x" * 65), "/transaction_id"),
    "an id with a space": _violation(_with(account_id="account 1"), "identifier", "/account_id"),
    "an id in another script": _violation(_with(account_id="счёт-1"), "identifier", "/account_id"),
    "a NUL": _violation(_with(description="a\x00b"), "nul-character", "/description"),
    "half a character": _unreadable(_as_text(AMOUNT, AMOUNT + ', "description": "\\ud800"')),
    "bytes that are no text": _unreadable(
        lambda name: a_body(transaction_id=name, description="x").replace(b'"x"', b'"\xff"')
    ),
    "a card number in the description": _violation(
        _with(description=f"paid by {CARD}"), "card-number", "/description"
    ),
    "a card number with spaces": _violation(
        _with(description="4111 1111 1111 1111"), "card-number", "/description"
    ),
    "a card number as an id": _violation(_with(account_id=CARD), "card-number", "/account_id"),
    "a card number as a token": _violation(_with(card_token=CARD), "card-number", "/card_token"),
    "a country that is none": _violation(_with(country="de"), "country", "/country"),
    "a category of letters": _violation(
        _with(merchant_category="food"), "merchant-category", "/merchant_category"
    ),
    "an address that is none": _violation(_with(ip="1.2.3"), "ip-address", "/ip"),
    "half a place": _violation(_with(latitude=1.0), "half-a-place", "/latitude"),
    "a place beyond the pole": _disagreement(_with(latitude=91, longitude=0), "/latitude"),
    "a key twice": Wrong(
        body=_as_text(AMOUNT, AMOUNT + ', "amount_minor": 1'),
        status=400,
        code="duplicate-key",
        place="/amount_minor",
    ),
    "a deep value": _disagreement(
        _as_text(AMOUNT, '"amount_minor": ' + "[" * 5_000 + "]" * 5_000), "/amount_minor"
    ),
    "a byte order mark": _unreadable(_encoded("utf-8-sig")),
    "UTF-16": _unreadable(_encoded("utf-16")),
    "UTF-32": _unreadable(_encoded("utf-32")),
    "a body too large": Wrong(
        body=lambda name: a_body(transaction_id=name) + b" " * SINGLE_BYTES_MAX,
        status=413,
        code="body-too-large",
    ),
    "a batch too large": Wrong(
        path=BATCH,
        body=lambda name: a_batch(a_body(transaction_id=name)) + b" " * BATCH_BYTES_MAX,
        status=413,
        code="body-too-large",
    ),
    "an empty batch": Wrong(
        path=BATCH,
        body=lambda _: a_batch(),
        status=422,
        code="batch-size",
        place="/transactions",
    ),
    "a batch of too many": Wrong(
        path=BATCH,
        body=lambda _: a_batch(*[b"{}"] * 1_001),
        status=422,
        code="batch-size",
        place="/transactions",
    ),
    "a batch that is no list": Wrong(
        path=BATCH,
        body=lambda name: b'{"transactions":' + a_body(transaction_id=name) + b"}",
        status=422,
        code="not-as-agreed",
        place="/transactions",
    ),
    "a batch with the key twice": Wrong(
        path=BATCH,
        body=lambda name: b'{"transactions":[],' + a_batch(a_body(transaction_id=name))[1:],
        status=400,
        code="duplicate-key",
    ),
    "a very deep batch": Wrong(
        path=BATCH,
        body=lambda _: a_batch(b"[" * 100_000 + b"]" * 100_000),
        status=422,
        code="not-as-agreed",
    ),
    "text": _other_type(**{"content-type": "text/plain"}),
    "a form": _other_type(**{"content-type": "application/x-www-form-urlencoded"}),
    "compressed": _other_type(**{"content-encoding": "gzip"}),
    "no reader of JSON": Wrong(
        body=_with(), status=406, code="not-acceptable", headers={"accept": "text/html"}
    ),
    "no token": Wrong(
        body=_with(), status=401, code="token-missing", headers={"authorization": "Basic YTpi"}
    ),
    "a wrong token": Wrong(
        body=_with(), status=401, code="token-invalid", headers={"authorization": "Bearer x.y.z"}
    ),
    "no such address": Wrong(path="/v2/transactions", body=_with(), status=404, code="not-found"),
    "an address with a slash too many": Wrong(
        path="/v1/transactions/", body=_with(), status=404, code="not-found"
    ),
    "an address that is only read": Wrong(
        path="/v1/transactions/t-1", body=_with(), status=405, code="method-not-allowed"
    ),
}
