"""The client and both ways of sending, against a small API of the tests that can be ill."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from pydantic import SecretStr

from runtime.settings import Settings
from runtime.tokens import Bearer
from watchkeeper.client import ApiAway, ApiRefused, Client, Tokens
from watchkeeper.sending import Batch, Tally, made_ahead, run, send_in_turn, send_on_time
from watchkeeper.sending_view import summary

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
HANG_UP, CLOSE = 0, 1  # Without an answer; after it, without saying so.


@dataclass
class FakeApi:
    """Answers `statuses` in turn (0 hangs up), then 202; remembers which ids it has taken."""

    statuses: list[int] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)
    bodies: list[list[str]] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)
    url: str = ""

    def answer(self, ids: list[str]) -> tuple[int, dict[str, object]]:
        with self.lock:
            status = self.statuses.pop(0) if self.statuses else 202
            if status in (202, HANG_UP, CLOSE):
                results = [{"status": "duplicate" if i in self.taken else "accepted"} for i in ids]
                self.taken.update(ids)
                self.bodies.append(ids)
                return status, {"results": results, "counts": {}}
            return status, {"title": "No.", "detail": "not today", "hint": "Come again."}


def handler_of(api: FakeApi) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["content-length"]))
            api.tokens.add(self.headers["authorization"])
            status, document = api.answer([item["id"] for item in json.loads(raw)["transactions"]])
            if status == HANG_UP:
                self.close_connection = True
                return
            text = json.dumps(document).encode()
            self.close_connection = status == CLOSE
            self.send_response(202 if status == CLOSE else status)
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


@contextmanager
def an_api(*statuses: int) -> Iterator[FakeApi]:
    api = FakeApi(statuses=list(statuses))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(api))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    api.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def tokens(clock_now: list[datetime] | None = None) -> Tokens:
    moments = clock_now or [NOW]
    settings = Settings(
        kafka="none",
        postgres=SecretStr("none"),
        redis=SecretStr("none"),
        data=Path("none"),
        jwt_secret=SecretStr("only-for-tests-only-for-tests-only"),
    )
    bearer = Bearer(subject="tests", tenant="demo", role="service")
    return Tokens(settings, bearer, lambda: moments[0])


def batches(count: int, size: int = 2, every: float = 0.0) -> Iterator[Batch]:
    for number in range(count):
        items = [{"id": f"{number}-{item}"} for item in range(size)]
        yield Batch(json.dumps({"transactions": items}).encode(), size, number * every)


def send(api: FakeApi, work: list[Batch], in_flight: int = 0, patience: float = 30.0) -> Tally:
    tally = Tally()

    async def go() -> None:
        async with Client.to(api.url, tokens()) as client:
            client.patience_seconds = patience
            if in_flight:
                await send_in_turn(client, made_ahead(work), tally, in_flight)
            else:
                await send_on_time(client, made_ahead(work), tally)

    run(go())
    return tally


def test_everything_that_is_sent_is_answered() -> None:
    with an_api() as api:
        tally = send(api, list(batches(5)))
    assert (tally.sent, tally.accepted, tally.duplicates, tally.errors) == (10, 10, 0, 0)
    assert len(tally.answers) == 5


@pytest.mark.parametrize("in_flight", [0, 3])
def test_what_passes_with_time_is_tried_again_and_nothing_is_lost(in_flight: int) -> None:
    with an_api(503, 502, 429, 504) as api:
        tally = send(api, list(batches(6)), in_flight)
    assert len(api.taken) == 12
    assert (tally.accepted, tally.errors, tally.retries.total()) == (12, 0, 4)


def test_an_answer_that_never_came_makes_duplicates_of_what_was_taken() -> None:
    with an_api(HANG_UP) as api:
        tally = send(api, list(batches(2)), in_flight=1)
    assert (tally.accepted, tally.duplicates, tally.retries.total()) == (2, 2, 1)
    assert len(api.taken) == 4


def test_a_kept_connection_that_the_server_has_closed_costs_no_try() -> None:
    with an_api(CLOSE, CLOSE) as api:
        tally = send(api, list(batches(3, every=0.1)))
    assert (tally.accepted, tally.retries) == (6, {})


def test_a_refusal_ends_the_run_and_says_why() -> None:
    with an_api(403) as api, pytest.raises(ApiRefused, match=r"403.*No\. not today") as caught:
        send(api, list(batches(1)))
    assert caught.value.mend == "Come again."


def test_patience_ends() -> None:
    with an_api(*([503] * 1_000)) as api, pytest.raises(ApiAway, match="status 503"):
        send(api, list(batches(1)), patience=0.2)


def test_one_request_at_a_time_keeps_the_order() -> None:
    with an_api() as api:
        send(api, list(batches(20)), in_flight=1)
    assert [ids[0] for ids in api.bodies] == [f"{number}-0" for number in range(20)]


def test_batches_leave_when_they_are_due_and_latency_counts_from_there() -> None:
    with an_api() as api:
        tally = send(api, list(batches(4, every=0.1)))
    ends = sorted(answer.due + answer.seconds for answer in tally.answers)
    assert ends[-1] >= 0.3
    assert [round(answer.due, 1) for answer in tally.answers] == [0.0, 0.1, 0.2, 0.3]
    assert all(answer.seconds > 0 for answer in tally.answers)


def test_a_token_is_made_again_before_it_ends() -> None:
    moments = [NOW]
    made = tokens(moments)
    first = made.current()
    moments[0] = NOW.replace(minute=54)
    assert made.current() == first
    moments[0] = NOW.replace(minute=56)
    assert made.current() != first


def test_what_breaks_while_batches_are_made_is_raised() -> None:
    def broken() -> Iterator[Batch]:
        yield from batches(1)
        raise ZeroDivisionError

    async def read(items: AsyncIterator[Batch]) -> int:
        return len([item async for item in items])

    with pytest.raises(ZeroDivisionError):
        asyncio.run(read(made_ahead(broken())))


def test_the_summary_adds_up() -> None:
    with an_api() as api:
        found = summary(send(api, list(batches(5))))
    assert (found.sent, found.accepted, found.errors) == (10, 10, 0)
    assert found.p50_ms is not None
    assert found.p95_ms is not None
    assert found.p50_ms <= found.p95_ms
