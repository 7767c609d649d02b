"""Bodies: JSON only, counted while they come, and never waited for longer than ten seconds."""

import asyncio
from collections.abc import Iterable

from starlette.types import Receive

from api.problems import Refusal

SINGLE_BYTES_MAX = 64 * 1024
BATCH_BYTES_MAX = 1024 * 1024
BODY_SECONDS_MAX = 10.0

Headers = Iterable[tuple[bytes, bytes]]

_JSON, _UTF8 = b"application/json", {b"", b"charset=utf-8", b'charset="utf-8"'}
_ANSWERED = (b"*/*", b"application/*", b"application/json", b"application/problem+json")


def check_accept(headers: Headers) -> None:
    """Refuse a client that does not read JSON."""
    wishes = [value for name, value in headers if name == b"accept"]
    if wishes and not any(_is_answered(wish) for wish in b",".join(wishes).split(b",")):
        raise Refusal("not-acceptable")


def _is_answered(wish: bytes) -> bool:
    media, *parameters = (part.strip().lower() for part in wish.split(b";"))
    return media in _ANSWERED and not any(
        parameter.replace(b" ", b"") in (b"q=0", b"q=0.0", b"q=0.00", b"q=0.000")
        for parameter in parameters
    )


def check_body_head(headers: Headers, bytes_max: int) -> None:
    """Refuse by the headers alone what need not be read: too long, no JSON, compressed."""
    kinds = []
    for name, value in headers:
        if name == b"content-length" and int(value) > bytes_max:
            raise _too_large(bytes_max)
        if name == b"content-encoding" and value.strip().lower() != b"identity":
            raise Refusal("not-json-type", "the body is compressed")
        if name == b"content-type":
            kinds.append(value)
    if len(kinds) != 1 or not _is_json(kinds[0]):
        raise Refusal("not-json-type", "the Content-Type is not application/json")


def _is_json(kind: bytes) -> bool:
    media, _, parameter = kind.partition(b";")
    return media.strip().lower() == _JSON and parameter.strip().lower() in _UTF8


async def read_body(
    receive: Receive, bytes_max: int, seconds_max: float = BODY_SECONDS_MAX
) -> bytes:
    """The whole body, whatever its announced length was; refuses the first byte too many."""
    try:
        async with asyncio.timeout(seconds_max):
            return await _gather(receive, bytes_max)
    except TimeoutError:
        raise Refusal("body-too-slow", headers={"connection": "close"}) from None


async def _gather(receive: Receive, bytes_max: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refusal("body-incomplete")
        part: bytes = message.get("body", b"")
        size += len(part)
        if size > bytes_max:
            raise _too_large(bytes_max)
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts) if len(parts) > 1 else part


def _too_large(bytes_max: int) -> Refusal:
    return Refusal("body-too-large", f"more than {bytes_max} bytes")
