"""The logs of the stack's processes, read as they grow and as they are put away."""

from pathlib import Path

import pytest

from watchkeeper.errors import Failure
from watchkeeper.stack.folder import Folder
from watchkeeper.stack.logs import Tail, check, ends, names


def a_folder(path: Path, **logs: str) -> Folder:
    folder = Folder(path)
    folder.make()
    for name, text in logs.items():
        folder.log(name).write_text(text)
    return folder


def test_the_ends_of_all_logs_are_shown_with_their_names(tmp_path: Path) -> None:
    folder = a_folder(tmp_path, api="1\n2\n3\n", scoring="4\n", silent="")
    assert names(folder) == ["api", "scoring", "silent"]
    shown = list(ends(folder, check(folder, None), 2))
    assert shown == [("api", "2"), ("api", "3"), ("scoring", "4")]


def test_a_process_without_a_log_is_answered_with_those_that_have_one(tmp_path: Path) -> None:
    folder = a_folder(tmp_path, api="1\n")
    with pytest.raises(Failure, match="no log of apo") as refusal:
        check(folder, "apo")
    assert "api" in refusal.value.mend


def test_a_process_that_has_written_nothing_has_a_log_all_the_same(tmp_path: Path) -> None:
    folder = a_folder(tmp_path, silent="")
    assert check(folder, "silent") == ["silent"]
    assert list(ends(folder, ["silent"], 2)) == [("silent", "(the log is empty)")]


def test_what_is_added_is_followed_in_whole_lines(tmp_path: Path) -> None:
    folder = a_folder(tmp_path, api="old\n")
    tail = Tail(folder.log("api"))
    with folder.log("api").open("a") as log:
        log.write("one\nhal")
        log.flush()
        assert list(tail.added()) == ["one"]
        log.write("f\n")
    assert list(tail.added()) == ["half"]
    tail.file.close()


def test_a_log_that_was_put_away_is_followed_into_the_new_one(tmp_path: Path) -> None:
    folder = a_folder(tmp_path, api="old\n")
    log = folder.log("api")
    tail = Tail(log)
    with log.open("a") as before:
        before.write("last\n")
    log.rename(tmp_path / "api.log.1")
    log.write_text("first\n")
    assert list(tail.added()) == ["last", "first"]
    tail.file.close()
