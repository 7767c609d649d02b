"""An API on twins behind a real port, for commands that ask it."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import typer
import uvicorn
from typer.testing import CliRunner

from tests.api.house import SECRET, House
from tests.waiting import until
from tests.watchkeeper.commands.descriptors import describe_a_stack
from watchkeeper.errors import Failure
from watchkeeper.stack.servers.ports import free_port


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)  # noqa: TID251  (tokens of commands are of now)


@dataclass(frozen=True, slots=True)
class Desk:
    """A data folder whose stack is no more than that API."""

    house: House
    data: Path

    def run(self, app: typer.Typer, *words: str) -> str:
        """What a command prints; its refusal is raised."""
        self.house.now = _now()
        result = CliRunner().invoke(app, [*words, "--data", str(self.data)])
        if isinstance(result.exception, Failure):
            raise result.exception
        assert result.exit_code == 0, result.output
        return result.output


@contextmanager
def a_desk(folder: Path) -> Iterator[Desk]:
    """Served for as long as the block."""
    house, port = House(now=_now()), free_port()
    server = uvicorn.Server(uvicorn.Config(house.client.app, port=port, log_level="critical"))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()))
    thread.start()
    until(lambda: server.started, "the API has started")
    ports = {"api": port, "dashboard": 2}
    describe_a_stack(folder, jwt_secret=SECRET.decode(), ports=ports, started_at=house.now)
    try:
        yield Desk(house, folder)
    finally:
        server.should_exit = True
        thread.join()
