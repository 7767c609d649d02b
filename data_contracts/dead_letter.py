"""The dead letter: a message that could not be taken, kept with its reason."""

import re
from hashlib import sha256

import msgspec

from data_contracts import card_numbers

_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where the message stood, why it was not taken, and its bytes with card numbers masked.

    `original_sha256` is of the bytes as they came; `is_masked` says whether `value` differs. `kind`
    is that of a control record: without it, sent again, it would be taken for a transaction.
    """

    topic: str
    partition: int
    offset: int
    code: str
    pointer: str
    reason: str
    value: bytes
    key: bytes | None = None
    original_sha256: str
    is_masked: bool = False
    event_id: str | None = None
    kind: str | None = None


def masked(value: bytes) -> tuple[bytes, str, bool]:
    """The bytes safe to keep, the SHA-256 of the original in hex, and whether they differ."""
    digest = sha256(value).hexdigest()
    # A digit may be written as an escape: what JSON would read is what counts.
    text = _ESCAPE.sub(lambda match: chr(int(match[1], 16)), value.decode("utf-8", "replace"))
    if not card_numbers.holds(text):
        return value, digest, False
    return card_numbers.mask(text).encode("utf-8", "replace"), digest, True
