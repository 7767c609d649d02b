"""HTTP/1.1 as uvicorn speaks it, with limits on the head of a request and on what comes late."""

import asyncio
from collections.abc import Callable

from uuid_utils import uuid7
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from api.problems import MEDIA_TYPE, Refusal, details
from data_contracts.codec import encode

HEAD_BYTES_MAX = 16 * 1024
HEAD_SECONDS_MAX = 10.0
LINGER_SECONDS = 2.0


class _HeadTooLarge(ValueError):
    """Ends the parsing of a head."""


class BoundedProtocol(HttpToolsProtocol):
    """Refuses heads that are too large, too slow or malformed, as problem details.

    What nobody wants is swallowed for `LINGER_SECONDS`: closing at once would take the answer from
    a sender who is still sending.
    """

    head_seconds_max = HEAD_SECONDS_MAX
    linger_seconds = LINGER_SECONDS

    _head_bytes = 0
    _is_in_head = True
    _has_ended_one = False
    _is_too_large = False
    _is_refused = False
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # As in uvicorn.
        """Wait for the first head, not for ever."""
        super().connection_made(transport)
        self._start(self.head_seconds_max, self._end_a_slow_head)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        self._stop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count a head that is not complete yet: the parser keeps it, however long it gets."""
        if self._is_refused:
            return
        self._has_ended_one = False
        super().data_received(data)
        if self._is_in_head and not self._has_ended_one:  # Else it is mostly what came before.
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES_MAX:
                self._refuse("head-too-large")

    def on_message_begin(self) -> None:
        """Give the new head its time."""
        super().on_message_begin()
        self._is_in_head = True
        self._start(self.head_seconds_max, self._end_a_slow_head)

    def on_headers_complete(self) -> None:
        """Go on only with a head of a sane size."""
        self._stop()
        self._is_in_head, self._head_bytes = False, 0
        size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if size > HEAD_BYTES_MAX:
            self._is_too_large = True
            raise _HeadTooLarge
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """All of it has come, wanted or not."""
        super().on_message_complete()
        self._has_ended_one = True
        self._stop()

    def on_response_complete(self) -> None:
        """Leave a sender whose body was not read a moment to read the answer."""
        super().on_response_complete()
        is_body_missing = self.cycle.response_complete and self.cycle.more_body
        if is_body_missing and not self.transport.is_closing():
            self._start(self.linger_seconds, self.transport.close)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  (uvicorn's words are not ours)
        """Say what was wrong with the head."""
        self._refuse("head-too-large" if self._is_too_large else "malformed-request")

    def _end_a_slow_head(self) -> None:
        if self._head_bytes:
            self._refuse("head-too-slow")
        else:
            self.transport.close()

    def _refuse(self, code: str) -> None:
        if self._is_refused or self.transport.is_closing():
            return
        self._is_refused = True
        refusal = Refusal(code)
        body = encode(details(refusal, str(uuid7())))
        headers = [
            *self.server_state.default_headers,
            (b"content-type", MEDIA_TYPE.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
        ]
        lines = [STATUS_LINE[refusal.problem.status]]
        lines += [name + b": " + value + b"\r\n" for name, value in headers]
        self.transport.write(b"".join([*lines, b"\r\n", body]))
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._start(self.linger_seconds, self.transport.close)

    def _start(self, seconds: float, then: Callable[[], None]) -> None:
        self._stop()
        self._timer = self.loop.call_later(seconds, then)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
