"""A real supervisord: what it is told arrives, and what ends is started again."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.waiting import until
from watchkeeper.errors import Failure
from watchkeeper.stack import leftovers
from watchkeeper.stack.ascent import Ascent
from watchkeeper.stack.board import Board, Stage
from watchkeeper.stack.folder import Folder
from watchkeeper.stack.parts import Part
from watchkeeper.stack.servers.program import Program
from watchkeeper.stack.supervisor import State, Supervisor, configure, launch

pytestmark = pytest.mark.stack

NASTY = "100%, %(here)s;it's#1 = \\ ok, $HOME"


def a_program(
    name: str, *command: str, is_ready: bool = True, environment: dict[str, str] | None = None
) -> Program:
    return Program(
        name=name,
        command=command,
        is_ready=lambda: is_ready,
        environment=environment or {},
    )


@contextmanager
def supervised(path: Path, *programs: Program) -> Iterator[tuple[Supervisor, Folder]]:
    folder = Folder(path)
    folder.make()
    launch(folder, configure(folder, programs), {"PATH": os.defpath})
    supervisor = Supervisor(folder.socket)
    try:
        until(lambda: supervisor.pid() is not None, "the supervisor answers")
        yield supervisor, folder
    finally:
        supervisor.shut_down()
        leftovers.clear(folder)


@pytest.mark.parametrize("secret", [NASTY, '{"of": "JSON"}'])
def test_a_process_gets_its_environment_and_arguments_as_they_are(
    tmp_path: Path, secret: str
) -> None:
    code = "import os, sys; print(os.environ['SECRET']); print(sys.argv[1]); input()"
    program = a_program(
        "echo", sys.executable, "-uc", code, "a b%d", environment={"SECRET": secret}
    )
    with supervised(tmp_path, program) as (supervisor, folder):
        supervisor.start("echo")
        until(lambda: "a b%d" in folder.log("echo").read_text(), "the process has spoken")
        assert folder.log("echo").read_text().splitlines()[0] == secret


@pytest.mark.parametrize(
    "value", ['one "word"', "both 'and \" within", "one\nother", "rest ; gone", "rest # gone"]
)
def test_a_value_that_cannot_be_written_down_is_refused(tmp_path: Path, value: str) -> None:
    folder = Folder(tmp_path)
    folder.make()
    with pytest.raises(Failure):
        configure(folder, [a_program("any", "true", environment={"NAME": value})])


def test_a_folder_that_supervisord_cannot_take_is_refused(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "100%")
    folder.make()
    with pytest.raises(Failure, match="no percent sign"):
        configure(folder, [])


def test_a_process_that_ends_is_started_again_and_counted(tmp_path: Path) -> None:
    code = "import time; time.sleep(1.2)"
    with supervised(tmp_path, a_program("short", sys.executable, "-c", code)) as (supervisor, _):
        supervisor.start("short")
        until(lambda: supervisor.processes()[0].restarts >= 2, "it was started again")
        supervisor.stop("short")
        until(lambda: supervisor.processes()[0].state is State.STOPPED, "it has stopped")
        supervisor.stop("short")


def test_the_way_up_ends_with_the_log_of_the_process_that_never_comes(tmp_path: Path) -> None:
    code = "print('the reason why'); raise SystemExit(3)"
    broken = a_program("broken", sys.executable, "-c", code, is_ready=False)
    board = Board()
    with supervised(tmp_path, broken) as (supervisor, folder):
        with pytest.raises(Failure, match="the reason why") as refusal:
            Ascent(supervisor, folder, board).run([Part(name="broken", program=broken)])
        assert "broken ended 3 times" in str(refusal.value)
    assert board.lines["broken"].stage is Stage.FAILED


def test_a_part_starts_only_after_those_that_it_waits_for(tmp_path: Path) -> None:
    done: list[str] = []
    parts = [
        Part(name="third", after=("second",), act=lambda: done.append("third")),
        Part(name="second", after=("first",), act=lambda: done.append("second")),
        Part(name="first", act=lambda: done.append("first")),
    ]
    with supervised(tmp_path) as (supervisor, folder):
        Ascent(supervisor, folder, Board()).run(parts)
    assert done == ["first", "second", "third"]
