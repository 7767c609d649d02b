"""Bodies: JSON only, counted while they come, never waited for in vain."""

import asyncio
from collections.abc import Sequence

import pytest
from starlette.types import Message, Receive

from api.bodies import (
    BATCH_BYTES_MAX,
    SINGLE_BYTES_MAX,
    check_accept,
    check_body_head,
    read_body,
)
from api.problems import Refusal
from tests.api.house import House, a_batch, a_body, bearer

JSON = (b"content-type", b"application/json")


def receiving(*parts: bytes, ends: bool = True) -> Receive:
    messages: list[Message] = [
        {"type": "http.request", "body": part, "more_body": not ends or number < len(parts) - 1}
        for number, part in enumerate(parts)
    ]

    async def receive() -> Message:
        if not messages:
            await asyncio.get_running_loop().create_future()  # Nothing more, ever.
        return messages.pop(0)

    return receive


@pytest.mark.parametrize(
    "kind",
    [
        b"application/json",
        b"Application/JSON",
        b"application/json; charset=utf-8",
        b'application/json;charset="UTF-8"',
    ],
)
def test_json_in_utf8_is_taken_however_it_is_written(kind: bytes) -> None:
    check_body_head([(b"content-type", kind)], 10)


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [(b"content-type", b"text/plain")],
        [(b"content-type", b"application/json; charset=utf-16")],
        [(b"content-type", b"application/jsonp")],
        [(b"content-type", b"application/x-www-form-urlencoded")],
        [(b"content-type", b"multipart/form-data; boundary=x")],
        [JSON, JSON],
        [JSON, (b"content-encoding", b"gzip")],
        [JSON, (b"content-encoding", b"br")],
    ],
)
def test_anything_but_plain_json_is_refused_by_its_head(
    headers: Sequence[tuple[bytes, bytes]],
) -> None:
    with pytest.raises(Refusal) as refusal:
        check_body_head(headers, 10)
    assert refusal.value.code == "not-json-type"


def test_an_announced_length_is_believed_when_it_is_too_large() -> None:
    with pytest.raises(Refusal) as refusal:
        check_body_head([JSON, (b"content-length", b"11")], 10)
    assert refusal.value.code == "body-too-large"


def test_a_body_is_put_together_from_its_parts() -> None:
    assert asyncio.run(read_body(receiving(b"ab", b"", b"cd"), 4)) == b"abcd"


def test_the_first_byte_too_many_ends_the_reading() -> None:
    endless = receiving(b"ab", b"cd", b"e", ends=False)
    with pytest.raises(Refusal) as refusal:
        asyncio.run(read_body(endless, 4))
    assert refusal.value.code == "body-too-large"


def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    with pytest.raises(Refusal) as refusal:
        asyncio.run(read_body(receiving(b"ab", ends=False), 4, seconds_max=0.01))
    assert refusal.value.code == "body-too-slow"
    assert refusal.value.problem.status == 408


def test_a_client_that_leaves_is_let_go() -> None:
    async def gone() -> Message:
        return {"type": "http.disconnect"}

    with pytest.raises(Refusal) as refusal:
        asyncio.run(read_body(gone, 4))
    assert refusal.value.code == "body-incomplete"


@pytest.mark.parametrize(
    "accept",
    [
        b"*/*",
        b"application/json",
        b"text/html, application/*;q=0.8",
        b"application/problem+json",
        b"application/json;q=0.001",
    ],
)
def test_a_client_that_reads_json_is_answered(accept: bytes) -> None:
    check_accept([(b"accept", accept)])


@pytest.mark.parametrize(
    "accept", [b"text/html", b"application/xml;q=1", b"application/json;q=0", b"image/*, text/*"]
)
def test_a_client_that_reads_no_json_is_told_so(accept: bytes) -> None:
    with pytest.raises(Refusal) as refusal:
        check_accept([(b"accept", accept)])
    assert refusal.value.problem.status == 406


@pytest.mark.parametrize(
    ("path", "limit"),
    [("/v1/transactions", SINGLE_BYTES_MAX), ("/v1/transactions:batch", BATCH_BYTES_MAX)],
)
def test_each_route_has_its_own_limit(house: House, path: str, limit: int) -> None:
    body = a_body() if path == "/v1/transactions" else a_batch(a_body())
    full = body + b" " * (limit - len(body))
    assert house.client.post(path, content=full, headers=bearer()).status_code == 202
    assert house.client.post(path, content=full + b" ", headers=bearer()).status_code == 413


def test_a_body_in_chunks_is_counted_too(house: House) -> None:
    chunks = (b" " * 1024 for _ in range(SINGLE_BYTES_MAX // 1024 + 1))
    answer = house.client.post("/v1/transactions", content=chunks, headers=bearer())
    assert answer.status_code == 413
    assert answer.json()["type"] == "/problems/body-too-large"
