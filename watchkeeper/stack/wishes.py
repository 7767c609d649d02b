"""What is asked of `watchkeeper up`, and the stack that it describes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from watchkeeper.errors import Failure
from watchkeeper.stack.descriptor import Descriptor
from watchkeeper.stack.folder import Folder
from watchkeeper.stack.memory import Memory
from watchkeeper.stack.processes import PROCESSES
from watchkeeper.stack.rights import addresses
from watchkeeper.stack.servers import postgres, valkey

EMBEDDED = "embedded"
SERVER_PORTS = {
    "kafka": ("kafka", "kafka-controller"),
    "postgres": ("postgres",),
    "valkey": ("valkey",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """Each server embedded or an address, ports where they matter, what to leave out."""

    data: Path
    kafka: str = EMBEDDED
    postgres: str = EMBEDDED
    redis: str = EMBEDDED
    cells: int | None = None
    scoring_workers: int = 1
    without: frozenset[str] = frozenset()
    ports: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse to leave out what does not exist."""
        known = {process.name for process in PROCESSES}
        if unknown := sorted(self.without - known):
            raise Failure(
                f"--without {','.join(unknown)}: there is no such process.",
                f"These can be left out: {', '.join(sorted(known))}.",
            )

    @property
    def servers(self) -> dict[str, str]:
        """Where each server is wished to be."""
        return {"kafka": self.kafka, "postgres": self.postgres, "valkey": self.redis}

    def port_names(self) -> list[str]:
        """Everything that needs a port."""
        embedded = [name for name, where in self.servers.items() if where == EMBEDDED]
        of_servers = [port for name in embedded for port in SERVER_PORTS[name]]
        return of_servers + [process.name for process in PROCESSES]


def describe(wishes: Wishes, memory: Memory, started_at: datetime) -> Descriptor:
    """Where everything of the wished stack will be."""
    embedded = _addresses(memory)
    found = {
        name: embedded[name] if where == EMBEDDED else where
        for name, where in wishes.servers.items()
    }
    servers = [name for name, where in wishes.servers.items() if where == EMBEDDED]
    ours = [process.name for process in PROCESSES if process.name not in wishes.without]
    return Descriptor(
        data=str(wishes.data),
        kafka=found["kafka"],
        postgres=found["postgres"],
        postgres_roles=_roles(memory) if wishes.postgres == EMBEDDED else {},
        redis=found["valkey"],
        jwt_secret=memory.jwt_secret,
        audit_secret=memory.audit_secret,
        cells=memory.cells,
        scoring_workers=wishes.scoring_workers,
        ports=memory.ports,
        processes=(*servers, *ours),
        supervisor_socket=str(Folder(wishes.data).socket),
        started_at=started_at,
    )


def _roles(memory: Memory) -> dict[str, str]:
    return dict(addresses(memory.ports.get("postgres", 0), memory.postgres_password))


def _addresses(memory: Memory) -> dict[str, str]:
    return {
        "kafka": f"127.0.0.1:{memory.ports.get('kafka', 0)}",
        "postgres": postgres.dsn(memory.ports.get("postgres", 0), memory.postgres_password),
        "valkey": valkey.url(memory.ports.get("valkey", 0), memory.valkey_password),
    }
