"""A whole stack for the stories, started when the first one asks."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from watchkeeper.stack.descriptor import Descriptor, load

WATCHKEEPER = Path(sys.executable).with_name("watchkeeper")
COMMAND_SECONDS_MAX = 240


@dataclass(frozen=True, slots=True)
class Stack:
    """A running stack, spoken to as a person at a terminal would."""

    data: Path

    def start(self, *words: str) -> "subprocess.Popen[str]":
        """Begin a command on this stack."""
        return subprocess.Popen(
            [WATCHKEEPER, *words, "--data", self.data],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *words: str) -> Any:  # noqa: ANN401  (what the command's JSON holds)
        """Run a command to its good end; what its last line says."""
        return ended(self.start(*words, "--json"))

    @property
    def descriptor(self) -> Descriptor:
        """Where its parts are."""
        return load(self.data)

    def processes(self) -> dict[str, dict[str, Any]]:
        """How each process is."""
        return {each["name"]: each for each in self.run("status")["processes"]}


def ended(command: "subprocess.Popen[str]") -> Any:  # noqa: ANN401  (what its JSON holds)
    """The last line of a command that ended well, read as JSON."""
    out, err = command.communicate(timeout=COMMAND_SECONDS_MAX)
    assert command.returncode == 0, f"{command.args!r}\n{out}\n{err}"
    return json.loads(out.splitlines()[-1])


def a_stack(folder: Path, *options: str) -> Iterator[Stack]:
    """Up, and down again."""
    stack = Stack(folder)
    up = stack.start("up", "--detach", *options)
    out, err = up.communicate(timeout=COMMAND_SECONDS_MAX)
    assert up.returncode == 0, out + err
    try:
        yield stack
    finally:
        stack.start("down").communicate(timeout=COMMAND_SECONDS_MAX)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A whole stack of this module's own."""
    yield from a_stack(tmp_path_factory.mktemp("story") / "stack")
