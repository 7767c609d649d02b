"""The door: bytes become transactions here, once, or are refused with a reason.

msgspec decodes and checks types and ranges; what it lets through (duplicate keys, NUL, times finer
than a millisecond, card numbers) is looked for here. The common message is plain ASCII without
escapes: for it the extra checks are a few scans of the bytes, about 3 us; anything unusual takes
the thorough way. Measured by `benchmarks/door.py`.
"""

import json
import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from operator import attrgetter
from typing import Any, TypeVar

import msgspec

from data_contracts import card_numbers, codes
from data_contracts.money import currencies
from data_contracts.transaction import Transaction, TransactionRequest
from data_contracts.violation import ContractViolation

BATCH_MAX = 1_000
FUTURE_MAX = timedelta(minutes=5)
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(9999, 1, 1, tzinfo=UTC)

_IDENTIFIERS = (
    "transaction_id",
    "account_id",
    "counterparty_id",
    "card_token",
    "merchant_id",
    "terminal_id",
    "device_id",
    "branch_id",
    "original_transaction_id",
)
_FREE_TEXTS = frozenset({"description", "note", "reason"})
_COUNTRIES = ("counterparty_country", "merchant_country", "country")
_NUMBERS = ("amount_minor", "latitude", "longitude")
_UNKNOWN_FIELD = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
_FIELD_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_FINER_THAN_MICROSECONDS = re.compile(rb":[0-9]{2}\.[0-9]{6}0*[1-9]")
_identifiers = attrgetter(*_IDENTIFIERS)
_countries = attrgetter(*_COUNTRIES)
_all_codes = attrgetter("merchant_category", *_COUNTRIES)
_all_fields = attrgetter(*TransactionRequest.__struct_fields__)
_numbers = attrgetter(*_NUMBERS)


class _Batch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    transactions: list[TransactionRequest]


class _RawBatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    transactions: list[msgspec.Raw]


_request = msgspec.json.Decoder(TransactionRequest).decode
_batch = msgspec.json.Decoder(_Batch).decode
_raw_batch = msgspec.json.Decoder(_RawBatch).decode
_stored = msgspec.json.Decoder(Transaction).decode
Request = TypeVar("Request", bound=TransactionRequest)
Value = TypeVar("Value", bound=msgspec.Struct)

_encode = msgspec.json.Encoder().encode


def parse_request(raw: bytes) -> TransactionRequest:
    """Read one transaction as a client sends it, or raise `ContractViolation`."""
    try:
        request = _request(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _unreadable(error) from None
    if not (_is_plain(raw) and _is_coarse(raw) and raw.count(b'"') == _quotes(request)):
        _check_thoroughly(raw, request)
    return _checked(request)


def parse_batch(raw: bytes) -> Sequence[TransactionRequest | ContractViolation]:
    """Read `{"transactions": [...]}`; each item is a transaction or the reason why it is none."""
    try:
        requests = _batch(raw).transactions
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _parse_one_by_one(raw)
    _check_size(len(requests))
    expected = 2 + sum(map(_quotes, requests))
    if not (_is_plain(raw) and _is_coarse(raw) and raw.count(b'"') == expected):
        return _parse_one_by_one(raw)
    return [_checked_or_violation(request) for request in requests]


def parse_stored(raw: bytes) -> tuple[Transaction, bytes]:
    """Read a message of the log; returns its canonical bytes too, `raw` itself if we wrote it."""
    try:
        transaction = _stored(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _unreadable(error) from None
    canonical = _encode(transaction)
    if not (_is_plain(raw) and raw == canonical):
        _check_thoroughly(raw, transaction)
    _check_received(transaction.received_at)
    _check_tenant(transaction.tenant)
    checked = _checked(transaction)
    check_future(checked, transaction.received_at)
    return checked, canonical if checked is transaction else _encode(checked)


@lru_cache(maxsize=1_024)
def _check_tenant(tenant: str) -> None:
    _check_text("tenant", tenant)


def parse_strictly(raw: bytes, kind: type[Value]) -> Value:
    """Read any other request by the same rules: no key twice, no NUL, no card number in a text."""
    try:
        value = msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _unreadable(error) from None
    _check_thoroughly(raw, value)
    return value


def check_future(request: TransactionRequest, now: datetime) -> None:
    """Refuse a time so far ahead that it would close every window before it."""
    if request.occurred_at > now and request.occurred_at > now + FUTURE_MAX:
        raise ContractViolation("time-in-the-future", "/occurred_at", "more than 5 minutes ahead")


def _unreadable(error: Exception) -> ContractViolation:
    text = str(error)
    detail, _, place = text.partition(" - at `$")
    detail = _without_the_input(detail)
    pointer = place.rstrip("`").replace("[...]", "").replace(".", "/")
    code = "not-json" if isinstance(error, UnicodeDecodeError) else "not-as-agreed"
    if isinstance(error, msgspec.DecodeError) and not isinstance(error, msgspec.ValidationError):
        code = "not-json"
    if isinstance(error, UnicodeDecodeError):
        detail = "the text is not UTF-8"
    return ContractViolation(code, pointer, detail)


def _without_the_input(detail: str) -> str:
    """Take out what the sender wrote: it may be a card number, and it may be long."""
    if detail.startswith("Invalid enum value"):
        return "Invalid enum value"
    field = _UNKNOWN_FIELD.fullmatch(detail)
    if field is None or (_FIELD_NAME.fullmatch(field[1]) and not card_numbers.holds(field[1])):
        return detail
    return "Object contains an unknown field"


def _check_received(received_at: datetime) -> None:
    if received_at.microsecond % 1000 or received_at.tzinfo is not UTC:
        raise ContractViolation("time-not-utc-ms", "/received_at", "give UTC in milliseconds")
    if not EARLIEST <= received_at < LATEST:
        raise ContractViolation("time-too-old", "/received_at", "nothing before the year 2000")


def _is_plain(raw: bytes) -> bool:
    return (
        raw.isascii() and b"\\" not in raw and b"\x7f" not in raw and not card_numbers.may_hold(raw)
    )


def _is_coarse(raw: bytes) -> bool:
    # The decoder cuts what is finer than a microsecond without a word.
    return _FINER_THAN_MICROSECONDS.search(raw) is None


def _quotes(request: TransactionRequest) -> int:
    # In plain text each present key has two quotes and each present string two more. A key that
    # stands twice, or a null, makes the count too high; so an equal count proves neither is there.
    fields, numbers = _all_fields(request), _numbers(request)
    present = len(fields) - fields.count(None)
    return 4 * present - 2 * (len(numbers) - numbers.count(None))


def _parse_one_by_one(raw: bytes) -> Sequence[TransactionRequest | ContractViolation]:
    try:
        items = _raw_batch(raw).transactions
        _check_size(len(items))  # First: what follows takes long for very many.
        _refuse_duplicate_keys(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _unreadable(error) from None
    except _DuplicateKey:
        # A key twice within an item is found again, and named, by the item itself.
        if _top_level_repeats(raw):
            raise ContractViolation("duplicate-key", "", "a key stands twice") from None
    return [_parsed_or_violation(bytes(item)) for item in items]


def _top_level_repeats(raw: bytes) -> bool:
    return len(json.loads(raw, object_pairs_hook=list, parse_int=str)) > 1


def _check_size(count: int) -> None:
    if not 1 <= count <= BATCH_MAX:
        raise ContractViolation("batch-size", "/transactions", f"give 1 to {BATCH_MAX} of them")


def _parsed_or_violation(raw: bytes) -> TransactionRequest | ContractViolation:
    try:
        return parse_request(raw)
    except ContractViolation as violation:
        return violation


def _checked_or_violation(request: TransactionRequest) -> TransactionRequest | ContractViolation:
    try:
        return _checked(request)
    except ContractViolation as violation:
        return violation


class _DuplicateKey(ValueError):
    pass


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        counts = Counter(key for key, _ in pairs)
        raise _DuplicateKey(counts.most_common(1)[0][0])
    return found


def _refuse_duplicate_keys(raw: bytes) -> dict[str, Any]:
    # Numbers stay text: Python refuses to convert very long ones, and nobody needs them here.
    found: dict[str, Any] = json.loads(raw, object_pairs_hook=_without_duplicates, parse_int=str)
    return found


def _check_thoroughly(raw: bytes, request: msgspec.Struct) -> None:
    try:
        written = _refuse_duplicate_keys(raw)
    except _DuplicateKey as error:
        pointer = f"/{error}" if str(error) in request.__struct_fields__ else ""
        raise ContractViolation("duplicate-key", pointer, "the key stands twice") from None
    for name in request.__struct_fields__:
        value = getattr(request, name)
        if isinstance(value, str):
            _check_text(name, value)
        elif isinstance(value, datetime) and not _is_coarse(str(written[name]).encode()):
            raise ContractViolation("time-too-fine", f"/{name}", "milliseconds are the finest")


def _check_text(name: str, value: str) -> None:
    if "\x00" in value:
        raise ContractViolation("nul-character", f"/{name}", "take the NUL character out")
    if card_numbers.holds(value):
        raise ContractViolation("card-number", f"/{name}", "send a token, never a card number")
    if name in _FREE_TEXTS:
        return
    if not (value.isascii() and value.isprintable()) or " " in value:
        raise ContractViolation("identifier", f"/{name}", "use printable ASCII without spaces")


def _checked(request: Request) -> Request:
    """Check what neither types nor bytes show; about 1 us."""
    if request.currency not in currencies():
        raise ContractViolation("currency", "/currency", "use an active ISO 4217 code")
    if request.occurred_at.microsecond % 1000:
        raise ContractViolation("time-too-fine", "/occurred_at", "milliseconds are the finest")
    if not EARLIEST <= request.occurred_at < LATEST:
        _refuse_the_year(request.occurred_at)
    if " " in "\n".join(filter(None, _identifiers(request))):
        _name_the_identifier(request)
    if not codes.are_codes(*_all_codes(request)):
        _name_the_code(request)
    _check_place(request)
    if request.occurred_at.tzinfo is not UTC:
        return msgspec.structs.replace(request, occurred_at=request.occurred_at.astimezone(UTC))
    return request


def _check_place(request: TransactionRequest) -> None:
    if request.ip is not None and not codes.is_address(request.ip):
        raise ContractViolation("ip-address", "/ip", "use an IPv4 or IPv6 address")
    if (request.latitude is None) != (request.longitude is None):
        raise ContractViolation("half-a-place", "/latitude", "give latitude and longitude together")


def _refuse_the_year(occurred_at: datetime) -> None:
    if occurred_at < EARLIEST:
        raise ContractViolation("time-too-old", "/occurred_at", "nothing before the year 2000")
    raise ContractViolation("time-in-the-future", "/occurred_at", "more than 5 minutes ahead")


def _name_the_identifier(request: TransactionRequest) -> None:
    for name in _IDENTIFIERS:
        _check_text(name, getattr(request, name) or "-")


def _name_the_code(request: TransactionRequest) -> None:
    for name, code in zip(_COUNTRIES, _countries(request), strict=True):
        if not codes.is_country(code):
            raise ContractViolation("country", f"/{name}", "use an ISO 3166-1 alpha-2 code")
    raise ContractViolation("merchant-category", "/merchant_category", "use four digits")
