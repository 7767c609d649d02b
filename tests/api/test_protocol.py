"""The head of a request: bounded in size and in time, and refused in words."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from socket import create_connection, socket

import pytest
import uvicorn

from api.app import create_app
from api.protocol import HEAD_BYTES_MAX, BoundedProtocol
from tests.api.house import House, a_body, a_token
from tests.waiting import until

pytestmark = pytest.mark.servers


class HastyProtocol(BoundedProtocol):
    """The same, in a hurry."""

    head_seconds_max = 0.2
    linger_seconds = 0.3


@contextmanager
def served(protocol: type[BoundedProtocol]) -> Iterator[int]:
    """The port at which a server with twins answers."""
    app = create_app(House().services)
    config = uvicorn.Config(
        app, port=0, http=protocol, log_level="critical", server_header=False, ws="none"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()))
    thread.start()
    until(lambda: server.started, "the server has started")
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with served(HastyProtocol) as found:
        yield found


def everything(connection: socket) -> bytes:
    """All that comes until the other side closes."""
    connection.settimeout(10)
    parts = []
    while part := connection.recv(65_536):
        parts.append(part)
    return b"".join(parts)


def exchange(port: int, *parts: bytes) -> bytes:
    with closing(create_connection(("127.0.0.1", port))) as connection:
        for part in parts:
            connection.sendall(part)
        return everything(connection)


def problem(answer: bytes) -> tuple[int, str]:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"application/problem+json" in head.lower()
    return int(head[9:12]), json.loads(body)["code"]


def head(*lines: str, method: str = "POST", path: str = "/v1/transactions") -> bytes:
    all_lines = [f"{method} {path} HTTP/1.1", "host: here", *lines, "", ""]
    return "\r\n".join(all_lines).encode()


AUTHORIZATION = f"authorization: Bearer {a_token()}"
JSON = "content-type: application/json"


@pytest.mark.parametrize(
    "sent",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        head("content-length: 5", "transfer-encoding: chunked"),
        head("content-length: 5", "content-length: 6"),
        head("content-length: -1"),
        head("transfer-encoding: chunked", JSON, AUTHORIZATION) + b"zz\r\n",
        b"GET /healthz HTTP/1.1\r\nx y: 1\r\n\r\n",
        b"GET /health\xff HTTP/1.1\r\nhost: x\r\n\r\n",
    ],
)
def test_what_is_no_request_is_refused_in_words(port: int, sent: bytes) -> None:
    assert problem(exchange(port, sent)) == (400, "malformed-request")


@pytest.mark.parametrize(
    "sent",
    [
        head(f"x-long: {'a' * HEAD_BYTES_MAX}"),
        head(*(f"x-{number}: {'a' * 100}" for number in range(200))),
        head(path="/" + "a" * HEAD_BYTES_MAX),
        b"GET / HTTP/1.1\r\nx-endless: " + b"a" * 1_000_000,
    ],
)
def test_a_head_that_is_too_large_is_refused(port: int, sent: bytes) -> None:
    assert problem(exchange(port, sent)) == (431, "head-too-large")


def test_a_head_that_begins_behind_a_long_body_is_not_taken_for_a_long_one() -> None:
    long = a_body() + b" " * 2 * HEAD_BYTES_MAX
    first = head(f"content-length: {len(long)}", JSON, AUTHORIZATION) + long
    second = head("connection: close", method="GET", path="/healthz")
    with served(BoundedProtocol) as port:
        answers = exchange(port, first + second[:20], second[20:])
    assert answers.count(b"HTTP/1.1 202") == answers.count(b"HTTP/1.1 200") == 1


def test_a_head_that_does_not_end_is_refused(port: int) -> None:
    assert problem(exchange(port, b"GET /healthz HTTP/1.1\r\nhost:")) == (408, "head-too-slow")


def test_a_connection_that_says_nothing_is_closed(port: int) -> None:
    assert exchange(port) == b""


def test_a_body_that_nobody_wants_is_swallowed_until_its_sender_has_read_why(port: int) -> None:
    size = 20 * 1024 * 1024
    sent = head(f"content-length: {size}", JSON, AUTHORIZATION)
    with closing(create_connection(("127.0.0.1", port))) as connection:
        connection.sendall(sent)
        for _ in range(size // 65_536):
            connection.sendall(b" " * 65_536)
        connection.settimeout(10)
        assert connection.recv(65_536).startswith(b"HTTP/1.1 413")


def test_a_sender_that_never_ends_its_unwanted_body_is_cut_off(port: int) -> None:
    answer = exchange(port, head("content-length: 99999999", JSON, AUTHORIZATION), b"{")
    assert problem(answer) == (413, "body-too-large")


def test_a_body_longer_than_it_said_is_not_read_as_one(port: int) -> None:
    body = a_body(transaction_id="t-lying")
    sent = head(f"content-length: {len(body) - 1}", JSON, AUTHORIZATION, "connection: close")
    assert problem(exchange(port, sent, body)) == (400, "not-json")


def test_good_requests_follow_each_other_over_one_connection(port: int) -> None:
    last = head("connection: close", method="GET", path="/healthz")
    body = a_body(transaction_id="t-kept")
    post = head(f"content-length: {len(body)}", JSON, AUTHORIZATION) + body
    answer = exchange(port, post, post, last)
    assert answer.count(b"HTTP/1.1 202") == 1
    assert answer.count(b"HTTP/1.1 200") == 2
    assert b"server: uvicorn" not in answer.lower()
