"""`python -m api`: one process of the HTTP API, until it is told to stop."""

import asyncio
import gc
import signal
import socket
import sys
from datetime import UTC, datetime
from types import FrameType

import uvicorn
from fastapi import FastAPI

from api.app import create_app
from api.protocol import BoundedProtocol
from api.services import Health
from api.wiring import wire
from runtime.settings import Settings

KEEP_ALIVE_SECONDS = 30
STOP_SECONDS_MAX = 15
BACKLOG = 2048
# Fewer and later collections: what lives long is frozen first. Halves the slowest answers.
COLLECT_AFTER = (50_000, 50, 100)


def now() -> datetime:
    """The clock of the API: UTC in milliseconds."""
    instant = datetime.now(UTC)
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)


class Server(uvicorn.Server):
    """Says that it is going down before it closes its door; remembers that it gave up."""

    def __init__(self, config: uvicorn.Config, health: Health, drain_seconds: float) -> None:
        """Serve what `config` says; `health` is where the load balancer looks."""
        super().__init__(config)
        self.health = health
        self.drain_seconds = drain_seconds
        self.has_given_up = False

    def give_up(self) -> None:
        """Stop, so that the supervisor starts a new process."""
        self.has_given_up = self.should_exit = True

    def stop_early(self, _number: int, _frame: FrameType | None) -> None:
        """A signal from before the server runs, or the same one again after it has stopped."""
        self.should_exit = True

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal while the server runs: the load balancer may know at once."""
        self.health.is_draining = True
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Leave the load balancer the time to see it, then finish what was begun."""
        self.health.is_draining = True
        await asyncio.sleep(self.drain_seconds)
        await super().shutdown(sockets)


def configuration(settings: Settings, app: FastAPI) -> uvicorn.Config:
    """How uvicorn serves the application: one process, nothing about itself in the answers."""
    return uvicorn.Config(
        app,
        host=settings.api_host,
        port=settings.api_port,
        loop="uvloop",
        http=BoundedProtocol,
        ws="none",
        lifespan="on",
        interface="asgi3",
        log_level=settings.log_level,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=STOP_SECONDS_MAX,
    )


def main() -> int:
    """Serve; 0 after a stop that was asked for."""
    settings = Settings()

    def give_up() -> None:
        server.give_up()

    services, lifespan = wire(settings, now, give_up)
    config = configuration(settings, create_app(services, lifespan))
    server = Server(config, services.health, settings.api_drain_seconds)
    signal.signal(signal.SIGTERM, server.stop_early)
    signal.signal(signal.SIGINT, server.stop_early)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)
    server.run()
    return 1 if server.has_given_up else 0


if __name__ == "__main__":
    sys.exit(main())
