"""Ids that make a retry safe: UUIDv8 of the input alone, so that a replay changes nothing."""

from hashlib import blake2b

ID_BYTES = 16
_VERSION, _VARIANT = 0x80, 0x80


def _uuid8(digest: bytes) -> bytes:
    number = bytearray(digest)
    number[6] = number[6] & 0x0F | _VERSION
    number[8] = number[8] & 0x3F | _VARIANT
    return bytes(number)


def event_id(tenant: str, transaction_id: str) -> bytes:
    """The 16 bytes of the UUIDv8 of a natural id; also the Kafka key of everything about it."""
    name = tenant.encode()
    digest = blake2b(digest_size=ID_BYTES, person=b"wk-event-id-v1")
    digest.update(len(name).to_bytes(2, "big") + name + transaction_id.encode())
    return _uuid8(digest.digest())


def derived_id(event: bytes, kind: str) -> bytes:
    """The id of the one decision, outcome, alert or hold that belongs to an event."""
    digest = blake2b(event, digest_size=ID_BYTES, person=b"wk-" + kind.encode()[:13])
    return _uuid8(digest.digest())


def text(identifier: bytes) -> str:
    """Write an id in the usual form with dashes."""
    digits = identifier.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
