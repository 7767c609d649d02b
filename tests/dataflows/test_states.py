"""States as files: what they hold, what becomes of them, and what the writing copy keeps open."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from dataflows.states import State, StateMissing, StateNotKept, States
from tests.waiting import until


@pytest.fixture
def states(tmp_path: Path) -> States:
    return States.at(tmp_path / "states")


def names(states: States) -> list[str]:
    return sorted(path.name for path in states.folder.iterdir())


def test_a_file_holds_what_was_when_it_was_begun(states: States) -> None:
    state: dict[str, Any] = {"large": bytes(3_000_000), "sum": 1}

    copy = states.begin("score.cell-0", lambda: state)
    state["sum"] = 2

    assert states.load(copy.finished()) == {"large": bytes(3_000_000), "sum": 1}


def test_what_is_no_file_is_told_as_it_is(states: States) -> None:
    assert states.load(None) is None
    assert states.load({"format": 3}) == {"format": 3}
    states.remove(None)
    states.remove({"format": 3})


def test_all_is_written_once_every_copy_has_ended(states: States) -> None:
    go = states.folder.parent / "go"
    os.mkfifo(go)

    def waiting() -> State:
        return {"read": go.read_text()}

    assert states.are_written()
    copy = states.begin("score.cell-0", waiting)
    assert not states.are_written()
    go.write_text("on")
    until(states.are_written, "all is written")

    assert states.load(copy.finished()) == {"read": "on"}


def test_one_that_cannot_be_written_is_an_error_and_leaves_nothing(states: States) -> None:
    def failing() -> State:
        raise OSError(28, "no space")

    def wrong() -> State:
        raise ValueError

    with pytest.raises(StateNotKept, match=r"score\.cell-0\..*: No space left on device\.$"):
        states.begin("score.cell-0", failing).finished()
    with pytest.raises(StateNotKept, match=r"the writing process failed\.$"):
        states.begin("score.cell-0", wrong).finished()

    assert names(states) == []


def test_a_copy_that_is_killed_is_an_error(states: States) -> None:
    def killed() -> State:
        os.kill(os.getpid(), signal.SIGKILL)
        return {}

    with pytest.raises(StateNotKept, match="ended by signal 9"):
        states.begin("score.cell-0", killed).finished()


def test_a_copy_holds_nothing_open_of_the_process(states: States, tmp_path: Path) -> None:
    def open_files() -> State:
        return {"open": [_target(descriptor) for descriptor in Path("/proc/self/fd").iterdir()]}

    with (tmp_path / "lock").open("w"):
        found = states.load(states.begin("score.cell-0", open_files).finished())

    assert found is not None
    assert any("states/score.cell-0." in path for path in found["open"])
    assert str(tmp_path / "lock") not in found["open"]


def _target(descriptor: Path) -> str:
    return str(descriptor.readlink()) if descriptor.is_symlink() else ""


def test_only_the_state_that_was_told_is_left(states: States) -> None:
    told, other = (states.begin("score.cell-1", dict).finished() for _ in range(2))
    near = states.begin("score.cell-10", dict).finished()

    states.clear("score.cell-1", told)
    assert states.load(told) == {}
    assert states.load(near) == {}
    with pytest.raises(StateMissing, match="Restore both together, or remove both"):
        states.load(other)

    states.clear("score.cell-1", None)
    states.remove(near)
    assert names(states) == []
