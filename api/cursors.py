"""Where the next page begins: a short text that fits only the question it was given for.

It says nothing that its reader may not know, and moves only within the answer to that question:
who may ask is asked anew for each page. So it needs a check, and no key.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from hashlib import blake2b

from api.problems import Refusal
from data_contracts.codec import encode

NUMBER_MAX = 2**63 - 1
_NUMBER_BYTES = 8
_DIGEST_BYTES = 8
_CURSOR = re.compile("[A-Za-z0-9_-]{22}")

Question = Sequence[object]


def cursor(question: Question, below: int) -> str:
    """The text for the page of what lies below a number."""
    digest = blake2b(encode(question), digest_size=_DIGEST_BYTES).digest()
    told = below.to_bytes(_NUMBER_BYTES, "big")
    return urlsafe_b64encode(digest + told).decode().rstrip("=")


def below(question: Question, text: str | None) -> int | None:
    """The number in a cursor, None without one; `Refusal` where it is not of this question."""
    if text is None:
        return None
    number = _number(text)
    if number is None or cursor(question, number) != text:
        raise Refusal("cursor")
    return number


def _number(text: str) -> int | None:
    if _CURSOR.fullmatch(text) is None:
        return None
    raw = urlsafe_b64decode(text + "==")
    number = int.from_bytes(raw[_DIGEST_BYTES:], "big")
    return number if number <= NUMBER_MAX else None
