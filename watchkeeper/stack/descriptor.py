"""The descriptor `<data>/stack.json`: where the running stack is, and its secrets."""

from datetime import datetime
from pathlib import Path

import msgspec
from pydantic import SecretStr

from runtime.settings import Settings
from watchkeeper.errors import Failure
from watchkeeper.stack.folder import Folder, write_privately
from watchkeeper.stack.rights import role_of


class NoStack(Failure):
    """There is no stack with its data in that folder."""


class Descriptor(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a program needs to reach the stack.

    `ports` holds the ports given out: of the servers, of `api` and `dashboard`, and of the
    metrics of each other process. `processes` are those under supervision, in order of start.
    `postgres` is the owner's way in, `postgres_roles` that of each role of an embedded server.
    """

    data: str
    kafka: str
    postgres: str
    redis: str
    postgres_roles: dict[str, str] = {}
    jwt_secret: str
    audit_secret: str = ""
    tenant: str = "demo"
    cells: int = 1
    scoring_workers: int = 1
    ports: dict[str, int]
    processes: tuple[str, ...]
    supervisor_socket: str
    started_at: datetime

    @property
    def folder(self) -> Folder:
        """The data folder."""
        return Folder(Path(self.data))

    @property
    def api_url(self) -> str:
        """Where the HTTP API answers."""
        return f"http://127.0.0.1:{self.ports['api']}"

    @property
    def dashboard_url(self) -> str:
        """Where the analysts' desk is shown."""
        return f"http://127.0.0.1:{self.ports['dashboard']}"

    def metrics(self) -> dict[str, str]:
        """Where each process but the API itself and the desk tells its metrics."""
        silent = {"kafka", "postgres", "valkey", "api", "dashboard"}
        others = (name for name in self.processes if name not in silent)
        return {
            name: f"http://127.0.0.1:{self.ports[name]}/metrics"
            for name in others
            if name in self.ports
        }

    def settings(self) -> Settings:
        """The settings of a program that works beside the stack's own processes."""
        return Settings(
            kafka=self.kafka,
            postgres=SecretStr(self.postgres),
            redis=SecretStr(self.redis),
            data=Path(self.data),
            jwt_secret=SecretStr(self.jwt_secret),
            tenant=self.tenant,
            cells=self.cells,
            api_port=self.ports["api"],
            dashboard_port=self.ports["dashboard"],
            processes=self.metrics(),
            scoring_workers=self.scoring_workers,
            scoring_shards=self.scoring_workers,
        )

    def environment(self, process: str) -> dict[str, str]:
        """The same settings as a process of the stack gets them."""
        return {
            "WATCHKEEPER_KAFKA": self.kafka,
            "WATCHKEEPER_POSTGRES": self.postgres_roles.get(role_of(process), self.postgres),
            "WATCHKEEPER_REDIS": self.redis,
            "WATCHKEEPER_DATA": self.data,
            "WATCHKEEPER_JWT_SECRET": self.jwt_secret,
            "WATCHKEEPER_AUDIT_SECRET": self.audit_secret if process == "sealing" else "",
            "WATCHKEEPER_TENANT": self.tenant,
            "WATCHKEEPER_CELLS": str(self.cells),
            "WATCHKEEPER_API_PORT": str(self.ports["api"]),
            "WATCHKEEPER_DASHBOARD_PORT": str(self.ports["dashboard"]),
            "WATCHKEEPER_PROCESSES": msgspec.json.encode(self.metrics()).decode(),
            "WATCHKEEPER_METRICS_PORT": str(self.ports.get(process, 0)),
            "WATCHKEEPER_SCORING_WORKERS": str(self.scoring_workers),
            "WATCHKEEPER_SCORING_SHARDS": str(self.scoring_workers),
        }


def save(descriptor: Descriptor) -> None:
    """Write it down, for its owner only."""
    write_privately(descriptor.folder.descriptor, msgspec.json.encode(descriptor))


def load(data: Path) -> Descriptor:
    """Read the descriptor of the stack in `data`, or raise `NoStack`."""
    path = Folder(data.absolute()).descriptor
    again = f"Start one with `watchkeeper up --detach --data {data}`"
    try:
        return msgspec.json.decode(path.read_bytes(), type=Descriptor)
    except (FileNotFoundError, NotADirectoryError):
        raise NoStack(
            f"No stack runs with its data in {data}: there is no {path.name}.",
            f"{again}, or name the folder of a running one with --data or $WATCHKEEPER_DATA.",
        ) from None
    except PermissionError:
        raise NoStack(
            f"{path} belongs to another user.", "Work as the user who started the stack."
        ) from None
    except msgspec.DecodeError as error:
        raise NoStack(
            f"{path} is not a descriptor of this version: {error}.", f"Remove it. {again}."
        ) from None
