"""The table of Watchkeeper's own processes: command, what must be there before, how to ask it."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import watchkeeper
from watchkeeper.stack.descriptor import Descriptor
from watchkeeper.stack.health import answers
from watchkeeper.stack.servers.program import Program

HOUSE = Path(watchkeeper.__file__).parents[1]
STOP_SECONDS_MAX = 30
# Threads of Arrow, Polars and BLAS that wait for work cost memory in every process.
FRUGAL = {"MALLOC_ARENA_MAX": "2", "PYTHONUNBUFFERED": "1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One line of the table; its port is in the descriptor under its name."""

    name: str
    command: tuple[str, ...]
    after: tuple[str, ...]
    health: str = "/metrics"

    def program(self, descriptor: Descriptor) -> Program:
        """How to run it in that stack."""
        port = descriptor.ports[self.name]
        return Program(
            name=self.name,
            command=(sys.executable, *(part.format(port=port) for part in self.command)),
            is_ready=lambda: answers(port, self.health),
            environment=self._environment(descriptor),
            folder=HOUSE,
            stop_seconds=STOP_SECONDS_MAX,
        )

    def _environment(self, descriptor: Descriptor) -> Mapping[str, str]:
        return FRUGAL | descriptor.environment(self.name)


def _module(name: str, module: str, *after: str) -> Process:
    return Process(name=name, command=("-m", module), after=after)


DESK = (
    *("-m", "streamlit", "run", str(HOUSE / "streamlit_app" / "app.py")),
    *("--server.port", "{port}", "--server.address", "127.0.0.1", "--server.headless", "true"),
    *("--server.fileWatcherType", "none", "--browser.gatherUsageStats", "false"),
)

PROCESSES = (
    _module("posting", "dataflows.posting", "topics", "schema"),
    _module("sealing", "dataflows.sealing", "schema"),
    _module("archiving", "dataflows.archiving", "topics"),
    _module("alerting", "dataflows.alerting", "topics", "schema"),
    _module("scoring", "dataflows.scoring", "topics"),
    _module("operations", "dataflows.operations", "topics"),
    Process(
        name="api",
        command=("-m", "api"),
        after=("topics", "schema", "valkey"),
        health="/readyz",
    ),
    Process(name="dashboard", command=DESK, after=("api",), health="/_stcore/health"),
)
