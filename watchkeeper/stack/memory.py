"""What a stack keeps from one start to the next: its secrets, its ports, its number of cells."""

import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from watchkeeper.errors import Failure
from watchkeeper.stack.folder import write_privately
from watchkeeper.stack.servers.ports import free_port, is_free

SECRET_BYTES = 32


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """Made at the first start; the secrets never change after it."""

    postgres_password: str
    valkey_password: str
    jwt_secret: str
    audit_secret: str = ""
    cells: int
    ports: dict[str, int] = {}


def recall(path: Path, cells: int | None) -> Memory:
    """Read what was kept, or make new secrets; refuses another number of cells than before."""
    if not path.exists():
        return Memory(
            postgres_password=secrets.token_urlsafe(SECRET_BYTES),
            valkey_password=secrets.token_urlsafe(SECRET_BYTES),
            jwt_secret=secrets.token_urlsafe(SECRET_BYTES),
            audit_secret=secrets.token_urlsafe(SECRET_BYTES),
            cells=cells or 1,
        )
    memory = msgspec.json.decode(path.read_bytes(), type=Memory)
    if cells not in {None, memory.cells}:
        raise Failure(
            f"The stack in {path.parent} was made with {memory.cells} cells, not {cells}: "
            "each account has its cell for good.",
            "Leave --cells out, or start a new stack in another folder with --data.",
        )
    if not memory.audit_secret:  # The stack is older than the audit chain.
        new = secrets.token_urlsafe(SECRET_BYTES)
        memory = msgspec.structs.replace(memory, audit_secret=new)
    return memory


def with_ports(memory: Memory, names: Iterable[str], given: Mapping[str, int]) -> Memory:
    """Give each name a port: the given one, else the one it had if that is free, else a new one."""
    ports: dict[str, int] = {}
    for name in names:
        ports[name] = _port(
            name, memory.ports.get(name), given.get(name), frozenset(ports.values())
        )
    return msgspec.structs.replace(memory, ports=ports)


def keep(memory: Memory, path: Path) -> None:
    """Write it down, for its owner only."""
    write_privately(path, msgspec.json.encode(memory))


def _port(name: str, before: int | None, given: int | None, taken: frozenset[int]) -> int:
    if given is not None:
        if given in taken or not is_free(given):
            raise Failure(
                f"Port {given}, wanted for {name}, is taken by another program.",
                f"Give another with --{name}-port, or leave it out: a free one is found.",
            )
        return given
    if before is not None and before not in taken and is_free(before):
        return before
    return free_port(taken)
