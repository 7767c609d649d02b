"""The way in: a message of the decisions becomes an arrival, or is refused with a reason."""

from datetime import datetime
from hashlib import blake2b
from typing import Any
from uuid import UUID

import msgspec

from data_contracts import ids
from data_contracts.codec import builtins, decode, encode
from data_contracts.decision import SCORE_MAX
from data_contracts.resolution import Resolution
from data_contracts.transaction import Transaction
from data_contracts.violation import ContractViolation
from ledger.chart import sides
from ledger.corrections import TABLE
from ledger.values import Arrival, Decided, Movement

HASH_BYTES = 16
POSITION_MAX = 2**63 - 1

# How JSON writes a NUL or a surrogate; our own codec writes nearly all else as itself.
_ESCAPED = b"\\u"
_NOT_THE_PAYLOAD = b',"tenant":'
_BEGUN = blake2b(digest_size=HASH_BYTES, person=b"wk-payload-v1")


def parse_decision(raw: bytes, partition: int, decided_at: datetime) -> Arrival:
    """Read a decision from its partition, or raise `ContractViolation`."""
    decision = decode(raw, Decided)
    if _ESCAPED in raw:
        _check_text(decision)
    event_id = ids.event_id(decision.transaction.tenant, decision.transaction.transaction_id)
    _check(decision, event_id, partition)
    transaction = decision.transaction
    return Arrival(
        event_id,
        _movement(decision, event_id),
        payload_hash(transaction),
        decision,
        decided_at,
        _corrects(transaction),
    )


def _corrects(transaction: Transaction) -> bytes | None:
    original = transaction.original_transaction_id
    if original is None or transaction.type not in TABLE:
        return None
    return ids.event_id(transaction.tenant, original)


def _movement(decision: Decided, event_id: bytes) -> Movement:
    transaction = decision.transaction
    debit, credit = sides(transaction)
    return Movement(
        event_id=event_id,
        cell=decision.cell,
        position=decision.position,
        debit=debit,
        credit=credit,
        amount_minor=transaction.amount_minor,
        occurred_at=transaction.occurred_at,
    )


def parse_resolution(raw: bytes) -> Resolution:
    """Read a resolution, or raise `ContractViolation`."""
    resolution = decode(raw, Resolution)
    if _ESCAPED in raw:
        _check_text(resolution)
    for name in ("event_id", "resolution_id"):
        try:
            UUID(getattr(resolution, name))
        except ValueError:
            raise ContractViolation("id", f"/{name}", "give a UUID") from None
    return resolution


def payload_hash(transaction: Transaction) -> bytes:
    """What tells a retry from another transaction under the same id: all that the client sent."""
    canonical = encode(transaction)
    # `tenant` is part of the id, `received_at` differs with each try; both stand last.
    digest = _BEGUN.copy()
    digest.update(canonical[: canonical.rfind(_NOT_THE_PAYLOAD)])
    return digest.digest()


def _check(decision: Decided, event_id: bytes, partition: int) -> None:
    if decision.event_id != ids.text(event_id):
        raise ContractViolation("event-id", "/event_id", "it is not that of the transaction")
    if decision.cell != partition:
        raise ContractViolation("cell", "/cell", f"it stood in partition {partition}")
    if not 0 <= decision.position <= POSITION_MAX:
        raise ContractViolation("position", "/position", "a position is the offset of a message")
    if not 0 <= decision.score <= SCORE_MAX:
        raise ContractViolation("score", "/score", f"a score is 0 to {SCORE_MAX}")


def _check_text(value: msgspec.Struct) -> None:
    try:
        encode(value)
    except UnicodeEncodeError:
        raise ContractViolation("not-unicode", "", "take the lone surrogate out") from None
    if _holds_nul(builtins(value)):
        raise ContractViolation("nul-character", "", "take the NUL character out")


def _holds_nul(value: Any) -> bool:  # noqa: ANN401  (plain JSON types)
    if isinstance(value, str):
        return "\x00" in value
    if isinstance(value, dict):
        return any(map(_holds_nul, (*value, *value.values())))
    return isinstance(value, list | tuple) and any(map(_holds_nul, value))
