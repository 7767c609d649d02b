"""Ids that make a retry safe: UUIDv8 of the input alone, so that a replay changes nothing."""

from functools import lru_cache
from hashlib import blake2b

ID_BYTES = 16


def _uuid8(digest: bytes) -> bytes:
    made = bytearray(digest)
    made[6] = made[6] & 0x0F | 0x80  # The version,
    made[8] = made[8] & 0x3F | 0x80  # and the variant.
    return bytes(made)


# Made once: a copy of what has begun costs half of beginning anew.
@lru_cache(maxsize=1_024)
def _begun(person: bytes, name: str | None = None) -> blake2b:
    begun = blake2b(digest_size=ID_BYTES, person=person)
    if name is not None:
        begun.update(len(name.encode()).to_bytes(2, "big") + name.encode())
    return begun


def event_id(tenant: str, transaction_id: str) -> bytes:
    """The 16 bytes of the UUIDv8 of a natural id; also the Kafka key of everything about it."""
    digest = _begun(b"wk-event-id-v1", tenant).copy()
    digest.update(transaction_id.encode())
    return _uuid8(digest.digest())


def derived_id(event: bytes, kind: str) -> bytes:
    """The id of the one decision, outcome, alert or hold that belongs to an event."""
    digest = _begun(b"wk-" + kind.encode()[:13]).copy()
    digest.update(event)
    return _uuid8(digest.digest())


def text(identifier: bytes) -> str:
    """Write an id in the usual form with dashes."""
    digits = identifier.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
