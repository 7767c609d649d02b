"""The rows of the books as JSON arrays, one a line: COPY takes them without their brackets.

A JSON array of text, numbers and nulls is a line of CSV as well, but for the escapes of control
characters. So rows are written by an encoder in C, and what the audit chain hashes is plain JSON.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from data_contracts import ids
from data_contracts.codec import encode
from ledger.values import (
    BookKey,
    Conflict,
    Correction,
    Hold,
    Movement,
    Resolved,
    Settlement,
    Transfer,
)

AS_LINES = r"(FORMAT csv, ESCAPE '\', NULL 'null')"
OUTCOMES = f"""
COPY ledger.outcomes (
    event_id, tenant, transaction_id, account_id, type, direction, amount_minor, currency,
    cell, position, verdict, score, rule_set, hits, list_hit, status, reason_code, payload_hash,
    occurred_at, received_at, decided_at, booked_at
) FROM STDIN {AS_LINES}
"""
TRANSFERS = f"""
COPY ledger.transfers (
    event_id, cell, position, debit_account, credit_account, amount_minor, currency,
    leg, kind, debit_after, debit_version, credit_after, credit_version, occurred_at, booked_at
) FROM STDIN {AS_LINES}
"""
HOLDS = f"""
COPY ledger.holds (
    event_id, cell, position, debit_account, credit_account, amount_minor, currency,
    hold_id, occurred_at, booked_at
) FROM STDIN {AS_LINES}
"""
RESOLUTIONS = f"""
COPY ledger.resolutions (
    event_id, resolution_id, kind, reason, resolved_by, resolved_at, booked_at
) FROM STDIN {AS_LINES}
"""
CORRECTIONS = f"""
COPY ledger.corrections (
    event_id, original_event_id, type, effect, amount_minor, booked_at
) FROM STDIN {AS_LINES}
"""
CONFLICTS = f"""
COPY ledger.conflicts (
    cell, position, event_id, booked_hash, refused_hash, refused_transaction, found_at
) FROM STDIN {AS_LINES}
"""

PART_ROWS = 250
NO_HITS = "[]"

_encode_lines = msgspec.json.Encoder().encode_lines
_ESCAPED = re.compile(rb'\\(["\\]|u[0-9a-f]{4}|.)')
_MEANT = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t"}

AccountKeys = Mapping[BookKey, int]
Item = TypeVar("Item")
Row = tuple[Any, ...]


def as_csv(lines: bytes) -> bytes:
    """JSON arrays, one a line, as lines for COPY."""
    plain = lines[1:-2].replace(b"]\n[", b"\n") + b"\n"
    # Nearly all have none but the escapes that JSON and our CSV have in common.
    if b"\\" in plain.replace(rb"\\", b"").replace(rb"\"", b""):
        return _ESCAPED.sub(_as_meant, plain)
    return plain


def _as_meant(found: re.Match[bytes]) -> bytes:
    escape = found[1]
    if escape in b'"\\':
        return found[0]
    return _MEANT.get(escape) or bytes([int(escape[1:], 16)])


def _in_parts(items: Sequence[Item], row: Callable[[Item], Row]) -> Iterator[bytes]:
    """The lines, some at a time; at least one at a time."""
    for start in range(0, len(items), PART_ROWS):
        yield _encode_lines(list(map(row, items[start : start + PART_ROWS])))


def _json(value: object) -> str:
    return encode(value).decode()


def _bytes(value: bytes) -> str:
    return rf"\x{value.hex()}"


def outcomes(items: Sequence[Settlement]) -> Iterator[bytes]:
    """The rows of `OUTCOMES`."""
    return _in_parts(items, _outcome)


def _outcome(item: Settlement) -> Row:
    arrival, decision = item.arrival, item.arrival.decision
    transaction = decision.transaction
    return (
        arrival.event_id.hex(),
        transaction.tenant,
        transaction.transaction_id,
        transaction.account_id,
        transaction.type,
        transaction.direction,
        transaction.amount_minor,
        transaction.currency,
        decision.cell,
        decision.position,
        decision.verdict,
        decision.score,
        decision.rule_set,
        _json(decision.hits) if decision.hits else NO_HITS,
        _json(decision.list_hit) if decision.list_hit else None,
        item.status,
        item.reason_code,
        _bytes(arrival.payload_hash),
        transaction.occurred_at,
        transaction.received_at,
        arrival.decided_at,
        item.booked_at,
    )


def _movement(item: Movement, keys: AccountKeys) -> Row:
    return (
        item.event_id.hex(),
        item.cell,
        item.position,
        keys[item.debit],
        keys[item.credit],
        item.amount_minor,
        item.debit.currency,
    )


def transfers(items: Sequence[Transfer], keys: AccountKeys) -> Iterator[bytes]:
    """The rows of `TRANSFERS`."""
    return _in_parts(
        items,
        lambda item: (
            *_movement(item.movement, keys),
            item.leg,
            item.kind,
            item.debit_after,
            item.debit_version,
            item.credit_after,
            item.credit_version,
            item.movement.occurred_at,
            item.booked_at,
        ),
    )


def holds(items: Sequence[Hold], keys: AccountKeys) -> Iterator[bytes]:
    """The rows of `HOLDS`."""
    return _in_parts(
        items,
        lambda item: (
            *_movement(item.movement, keys),
            ids.derived_id(item.movement.event_id, "hold").hex(),
            item.movement.occurred_at,
            item.booked_at,
        ),
    )


def resolutions(items: Sequence[Resolved]) -> Iterator[bytes]:
    """The rows of `RESOLUTIONS`."""
    return _in_parts(items, _resolution)


def _resolution(item: Resolved) -> Row:
    return (
        item.hold.movement.event_id.hex(),
        str(UUID(item.resolution.resolution_id)),
        item.resolution.kind,
        item.resolution.reason,
        item.resolution.resolved_by,
        item.resolution.resolved_at,
        item.booked_at,
    )


def corrections(items: Sequence[Correction]) -> Iterator[bytes]:
    """The rows of `CORRECTIONS`."""
    return _in_parts(
        items,
        lambda item: (
            item.event_id.hex(),
            item.original.hex(),
            item.type,
            item.effect,
            item.amount_minor,
            item.booked_at,
        ),
    )


def conflicts(items: Sequence[Conflict]) -> Iterator[bytes]:
    """The rows of `CONFLICTS`."""
    return _in_parts(items, _conflict)


def _conflict(item: Conflict) -> Row:
    return (
        item.cell,
        item.position,
        item.event_id.hex(),
        _bytes(item.booked_hash),
        _bytes(item.refused_hash),
        _json(item.refused),
        item.found_at,
    )
