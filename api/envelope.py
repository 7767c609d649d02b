"""Around every answer: a request id, safe headers, and its measure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from time import perf_counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uuid_utils import uuid7

from api.metrics import Metrics

REQUEST_ID = b"x-request-id"
STATUS_OF_A_CRASH = 500

_GIVEN_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}")
_SAFE = [
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
]


@dataclass(frozen=True, slots=True)
class Envelope:
    """Gives each request an id, its own if it brought a plain one, and counts its answer."""

    app: ASGIApp
    metrics: Metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started, status = perf_counter(), STATUS_OF_A_CRASH
        request_id = _request_id(scope["headers"])
        scope.setdefault("state", {})["request_id"] = request_id.decode()
        _keep_slashes_of_ids(scope)

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (REQUEST_ID, request_id), *_SAFE]
            await send(message)

        try:
            await self.app(scope, receive, sending)
        finally:
            route = _route(scope)
            self.metrics.requests.labels(route, str(status)).inc()
            self.metrics.seconds.labels(route).observe(perf_counter() - started)


def _route(scope: Scope) -> str:
    found = scope.get("route") or scope.get("endpoint")
    return getattr(found, "path", "unknown")


def _request_id(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    for name, value in headers:
        if name == REQUEST_ID and _GIVEN_ID.fullmatch(value):
            return value
    return str(uuid7()).encode()


def _keep_slashes_of_ids(scope: Scope) -> None:
    # An id may hold a slash, sent as %2F: routes match the path as sent, and ids are decoded once.
    raw: bytes = scope["raw_path"]
    if b"%" in raw:
        scope["path"] = raw.decode("latin-1").replace("%3A", ":").replace("%3a", ":")
