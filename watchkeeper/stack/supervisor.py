"""Supervisord: its configuration, and a client that speaks to it over its socket."""

import os
import re
import shlex
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from http.client import HTTPConnection, HTTPException
from operator import attrgetter
from pathlib import Path
from typing import Any, cast
from xmlrpc.client import Fault, ServerProxy, Transport

import psutil

from watchkeeper.errors import Failure
from watchkeeper.stack.folder import UMASK, Folder, write_privately
from watchkeeper.stack.leftovers import wait_for_end
from watchkeeper.stack.servers.program import Program

ANSWER_SECONDS_MAX = 10.0
STOP_SECONDS_MAX = 120.0
WITHOUT_WAITING = False
QUOTES = frozenset("'\"")
RETRIES_FOR_EVER = 1_000_000
LOG_BYTES_MAX = 10 * 1024 * 1024

HEAD = """\
[unix_http_server]
file={socket}
chmod=0700

[supervisord]
logfile={log}
logfile_maxbytes={log_bytes_max}
logfile_backups=1
pidfile={run}/supervisord.pid
nodaemon=false
umask={umask:03o}
{user}
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface

[rpcinterface:watchkeeper]
supervisor.rpcinterface_factory=watchkeeper.stack.restarts:make
"""

PROGRAM = """
[program:{name}]
command={command}
directory={folder}
environment={environment}
priority={priority}
autostart=false
autorestart=true
startsecs=1
startretries={retries}
stopsignal={stop_signal}
stopwaitsecs={stop_seconds}
killasgroup=true
redirect_stderr=true
stdout_logfile={log}
stdout_logfile_maxbytes={log_bytes_max}
stdout_logfile_backups=2
"""


class State(StrEnum):
    """What supervisord says of a process."""

    STOPPED = "STOPPED"
    STARTING = "STARTING"
    RUNNING = "RUNNING"
    BACKOFF = "BACKOFF"
    STOPPING = "STOPPING"
    EXITED = "EXITED"
    FATAL = "FATAL"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class Supervised:
    """One process: `pid` is 0 where it does not run, `seconds` is since it started."""

    name: str
    state: State
    pid: int
    seconds: int
    restarts: int
    trouble: str


class SupervisorGone(Failure):
    """It does not answer, or is on its way down."""

    def __init__(self, path: Path) -> None:
        """Name the socket at which nobody answered."""
        super().__init__(
            f"The supervisor behind {path} has ended.",
            "See `watchkeeper status`, and `watchkeeper up` to start the stack again.",
        )


@dataclass(frozen=True, slots=True)
class Supervisor:
    """A supervisord that listens on a socket."""

    socket: Path

    def pid(self) -> int | None:
        """Its process number, or None where nobody answers or it is on its way down."""
        try:
            return cast("int", self._call("supervisor.getPID"))
        except SupervisorGone:
            return None

    def processes(self) -> list[Supervised]:
        """Every process, in the order of the configuration."""
        starts: Mapping[str, int] = self._call("watchkeeper.counts")
        found: Sequence[Mapping[str, Any]] = self._call("supervisor.getAllProcessInfo")
        return [
            Supervised(
                name=each["name"],
                state=State(each["statename"]),
                pid=each["pid"],
                seconds=max(0, each["now"] - each["start"]) if each["pid"] else 0,
                restarts=max(0, starts.get(each["name"], 0) - 1),
                trouble=each["spawnerr"],
            )
            for each in found
        ]

    def start(self, name: str) -> None:
        """Start a process, without waiting for it; one that runs already is left alone."""
        self._call_unless("ALREADY_STARTED", "supervisor.startProcess", name, WITHOUT_WAITING)

    def stop(self, name: str) -> None:
        """Ask a process to stop, without waiting for it."""
        self._call_unless("NOT_RUNNING", "supervisor.stopProcess", name, WITHOUT_WAITING)

    def shut_down(self) -> None:
        """Have supervisord stop what still runs, and itself; returns when it has ended."""
        pid = self.pid()
        if pid is not None:
            process = psutil.Process(pid)
            self._call("supervisor.shutdown")
            wait_for_end([process], STOP_SECONDS_MAX)

    def _call_unless(self, tolerated: str, method: str, *arguments: object) -> None:
        try:
            self._call(method, *arguments)
        except Fault as fault:
            if not fault.faultString.startswith(tolerated):
                raise

    def _call(self, method: str, *arguments: object) -> Any:  # noqa: ANN401  (any XML-RPC value)
        try:
            with ServerProxy("http://localhost", transport=_UnixTransport(self.socket)) as server:
                return attrgetter(method)(server)(*arguments)
        except Fault as fault:
            if fault.faultString.startswith("SHUTDOWN_STATE"):
                raise SupervisorGone(self.socket) from fault
            raise
        except (OSError, HTTPException) as error:
            raise SupervisorGone(self.socket) from error


def configure(folder: Folder, programs: Sequence[Program]) -> Path:
    """Write the configuration, which holds secrets; programs stop in the opposite order."""
    if "%" in str(folder.data):
        raise Failure(
            f"The supervisor takes no percent sign in a path: {folder.data}",
            "Choose another folder with --data.",
        )
    head = HEAD.format(
        socket=_plain(folder.socket),
        log=_plain(folder.log("supervisord")),
        log_bytes_max=LOG_BYTES_MAX,
        run=_plain(folder.run),
        umask=UMASK,
        user="user=root\n" if os.geteuid() == 0 else "",
    )
    sections = [_section(folder, number, each) for number, each in enumerate(programs, 1)]
    path = folder.run / "supervisord.conf"
    write_privately(path, "".join([head, *sections]).encode())
    return path


def launch(folder: Folder, configuration: Path, environment: Mapping[str, str]) -> None:
    """Start supervisord on its own: it outlives us and our terminal."""
    log = folder.log("supervisord-start")
    with log.open("wb") as output:
        done = subprocess.run(
            [sys.executable, "-m", "supervisor.supervisord", "-c", configuration],
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=folder.data,
            env=dict(environment),
        )
    if done.returncode != 0:
        # Its complaints hold the whole environment, secrets too: they stay in the file.
        raise Failure(
            f"The supervisor refused to start, with code {done.returncode}.",
            f"Read {log}; check the rights of the folder, or choose another with --data.",
        )


def _section(folder: Folder, number: int, program: Program) -> str:
    return PROGRAM.format(
        name=program.name,
        command=_plain(shlex.join(program.command)),
        folder=_plain(program.folder),
        environment=_plain(",".join(_pairs(program.environment))),
        priority=number,
        retries=RETRIES_FOR_EVER,
        stop_signal=program.stop_signal.name.removeprefix("SIG"),
        stop_seconds=program.stop_seconds,
        log=_plain(folder.log(program.name)),
        log_bytes_max=LOG_BYTES_MAX,
    )


def _pairs(environment: Mapping[str, str]) -> list[str]:
    return [f"{name}={_quoted(name, value)}" for name, value in environment.items()]


def _quoted(name: str, value: str) -> str:
    quote = "'" if '"' in value else '"'
    if quote in value or value[:1] in QUOTES or value[-1:] in QUOTES:
        raise Failure(
            f"The supervisor cannot take the quotation marks in the value of {name}.",
            "Write them as %22 or %27 in an address, or do without them.",
        )
    return f"{quote}{value}{quote}"


def _plain(value: object) -> str:
    """The value as the configuration takes it; there is no way to write some of them."""
    text = str(value)
    if re.search(r"\s[;#]|[\r\n]", text):
        raise Failure(
            f"The supervisor would read a part of this as a comment: {text[:80]}",
            "Use a folder without ' ;', ' #' or a line break in its name (see --data).",
        )
    return text.replace("%", "%%")


class _UnixConnection(HTTPConnection):
    """HTTP over a socket in the file system."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=ANSWER_SECONDS_MAX)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.path))


class _UnixTransport(Transport):
    """XML-RPC over a socket in the file system."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.opened: _UnixConnection | None = None

    def make_connection(self, _host: object) -> HTTPConnection:
        if self.opened is None:
            self.opened = _UnixConnection(self.path)
        return self.opened

    def close(self) -> None:
        if self.opened is not None:
            self.opened.close()
            self.opened = None
