"""The gateway at a real server that answers as it is told."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import httpx
import pytest

from streamlit_app.gateway import ApiAway, HttpGateway


@contextmanager
def a_gateway(status: int, content: bytes) -> Iterator[HttpGateway]:
    """A gateway to a server on loopback that gives one answer to everything."""

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_arguments: object) -> None:
            """Say nothing on stderr."""

    server = HTTPServer(("127.0.0.1", 0), Answering)
    answering = Thread(target=server.serve_forever)
    answering.start()
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{server.server_port}") as client:
            yield HttpGateway(client, lambda: "token")
    finally:
        server.shutdown()
        answering.join()
        server.server_close()


@pytest.mark.parametrize(
    ("status", "content"), [(503, b"{}"), (200, b"{}"), (200, b"no json"), (401, b"")]
)
def test_any_other_answer_than_agreed_means_that_the_api_is_away(
    status: int, content: bytes
) -> None:
    with a_gateway(status, content) as gateway:
        with pytest.raises(ApiAway):
            gateway.snapshot()
        with pytest.raises(ApiAway):
            gateway.latest_alerts(5)


def test_the_alerts_are_read_from_their_envelope() -> None:
    with a_gateway(200, b'{"alerts":[]}') as gateway:
        assert gateway.latest_alerts(5) == []


def test_the_newest_publication_and_the_tripped_rules_are_read() -> None:
    content = b"""{"publications": [{"cell": 0, "position": 0, "rule_set": "53311a",
        "published_by": "ann", "published_at": "2026-03-02T12:00:00Z", "act": "bootstrap"}],
      "breakers": [{"cell": 0, "rule_id": "velocity", "reason": "501 hits",
        "recorded_at": "2026-03-02T12:01:00Z"}]}"""
    with a_gateway(200, content) as gateway:
        found = gateway.publications()
    assert [one.rule_set for one in found.publications] == ["53311a"]
    assert [one.rule_id for one in found.breakers] == ["velocity"]
