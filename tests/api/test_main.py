"""`python -m api` as the supervisor runs it: started with nothing there, stopped in order."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager

import httpx
import pytest

from tests.waiting import until
from watchkeeper.stack.servers.ports import free_port

pytestmark = pytest.mark.servers

STOP_SECONDS_MAX = 30


def environment(port: int, **changes: str) -> dict[str, str]:
    nowhere = f"127.0.0.1:{free_port()}"
    return {
        "PATH": os.defpath,
        "WATCHKEEPER_KAFKA": nowhere,
        "WATCHKEEPER_POSTGRES": f"postgresql://{nowhere}/nothing",
        "WATCHKEEPER_REDIS": f"redis://{nowhere}",
        "WATCHKEEPER_DATA": "unused",
        "WATCHKEEPER_JWT_SECRET": "a secret of thirty-two bytes or more",
        "WATCHKEEPER_API_PORT": str(port),
        "WATCHKEEPER_LOG_LEVEL": "critical",
    } | changes


@contextmanager
def running(variables: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "api"],
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def answers(port: int, path: str) -> int | None:
    try:
        return httpx.get(f"http://127.0.0.1:{port}{path}").status_code
    except httpx.TransportError:
        return None


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_lives_without_any_server_and_ends_well_when_told(number: signal.Signals) -> None:
    port = free_port()
    with running(environment(port)) as process:
        until(lambda: answers(port, "/healthz") == 200, "the API lives")
        assert answers(port, "/readyz") == 503
        process.send_signal(number)
        assert process.wait(STOP_SECONDS_MAX) == 0


def test_it_says_that_it_goes_before_it_goes() -> None:
    port = free_port()
    with running(environment(port, WATCHKEEPER_API_DRAIN_SECONDS="4")) as process:
        until(lambda: answers(port, "/healthz") == 200, "the API lives")
        process.send_signal(signal.SIGTERM)
        url = f"http://127.0.0.1:{port}/readyz"
        until(lambda: httpx.get(url).json()["status"] == "draining", "it says that it is draining")
        assert answers(port, "/healthz") == 200
        assert process.wait(STOP_SECONDS_MAX) == 0


def test_a_port_that_is_taken_is_a_failure() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        with running(environment(port)) as process:
            assert process.wait(STOP_SECONDS_MAX) != 0


def test_a_short_secret_is_a_failure_that_is_not_printed() -> None:
    with running(environment(free_port(), WATCHKEEPER_JWT_SECRET="short-secret")) as process:  # noqa: S106  (one that is refused)
        output, _ = process.communicate(timeout=STOP_SECONDS_MAX)
        assert process.returncode != 0
        assert b"jwt_secret" in output
        assert b"short-secret" not in output
