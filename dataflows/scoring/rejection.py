"""What cannot be read becomes a dead letter: with its place, its reason, and no card number."""

from typing import Annotated

import msgspec

from data_contracts import codec, ids
from data_contracts.dead_letter import DeadLetter, masked
from data_contracts.topics import Topic
from data_contracts.violation import ContractViolation
from dataflows.connectors import Letter, Logged


class _NaturalId(msgspec.Struct):
    tenant: Annotated[str, msgspec.Meta(min_length=1, max_length=32)]
    transaction_id: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


_natural_id = msgspec.json.Decoder(_NaturalId).decode


def rejection(
    message: Logged, violation: ContractViolation, cell: int, log: Topic, rejected: Topic
) -> Letter:
    """The dead letter of a message of the log, ready to be sent."""
    value, digest, is_masked = masked(message.value)
    event = None if message.kind is not None else _event_of(message.value)
    letter = DeadLetter(
        topic=log.name,
        partition=cell,
        offset=message.offset,
        code=violation.code,
        pointer=violation.pointer,
        reason=violation.detail,
        value=value,
        key=message.key if message.key is not None and len(message.key) == ids.ID_BYTES else None,
        original_sha256=digest,
        is_masked=is_masked,
        event_id=None if event is None else ids.text(event),
        kind=message.kind,
    )
    return Letter(rejected, codec.encode(letter), event)


def _event_of(raw: bytes) -> bytes | None:
    """The event id, where at least the natural id can be read."""
    try:
        found = _natural_id(raw)
        return ids.event_id(found.tenant, found.transaction_id)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
