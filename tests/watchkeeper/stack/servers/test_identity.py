"""Postgres refuses the super-user: every way around it that this machine has is tried."""

import os
import stat
from pathlib import Path

import psycopg
import pytest

from watchkeeper.stack.servers import postgres
from watchkeeper.stack.servers.identity import Identity, choose, give, identities
from watchkeeper.stack.servers.ports import free_port
from watchkeeper.stack.servers.program import running

pytestmark = pytest.mark.servers


def a_private_folder(path: Path) -> Path:
    """A folder that only we may enter, and a folder in it."""
    inner = path / "only-for-us" / "postgres"
    inner.mkdir(parents=True)
    inner.parent.chmod(0o700)
    return inner


def test_postgres_runs_in_a_folder_that_only_we_may_enter_and_not_as_root(tmp_path: Path) -> None:
    folder, port = a_private_folder(tmp_path), free_port()
    program = postgres.prepare(folder, port, "secret", is_durable=False)
    with running(program, tmp_path / "log") as process:
        connection = postgres.make_database(port, "secret")
        with psycopg.connect(connection) as database:
            assert database.execute("SELECT 1").fetchone() == (1,)
        assert process.pid
    assert stat.S_IMODE((folder / "cluster").stat().st_mode) == 0o700
    assert not (folder / "password").exists()


def test_each_way_that_works_here_keeps_the_data_of_the_others(tmp_path: Path) -> None:
    folder = a_private_folder(tmp_path)
    whom = choose(postgres.binaries() / "initdb", folder)
    (folder / "file").write_text("kept")
    for each in identities():
        give(folder, each)
        expected = each.owner[0] if each.owner else os.geteuid()
        assert {path.stat().st_uid for path in [folder, *folder.iterdir()]} == {expected}
    give(folder, whom)
    assert (folder / "file").read_text() == "kept"


def test_the_super_user_never_runs_it_as_itself() -> None:
    found = list(identities())
    assert found
    if os.geteuid() == 0:
        assert all(each.prefix for each in found)
    else:
        assert found == [Identity("yourself")]


def test_a_lock_file_of_a_dead_server_does_not_keep_the_next_from_starting(tmp_path: Path) -> None:
    port = free_port()
    program = postgres.prepare(tmp_path / "postgres", port, "secret", is_durable=False)
    lock = tmp_path / "postgres" / "cluster" / "postmaster.pid"
    lock.write_text(f"{os.getpid()}\n")
    again = postgres.prepare(tmp_path / "postgres", port, "secret", is_durable=False)
    assert not lock.exists()
    with running(again, tmp_path / "log"):
        assert again.is_ready()
    assert again.command == program.command


def test_a_draft_of_an_interrupted_first_start_is_thrown_away(tmp_path: Path) -> None:
    draft = tmp_path / "postgres" / "cluster.draft" / "base"
    draft.mkdir(parents=True)
    (draft / "half").write_text("")
    postgres.prepare(tmp_path / "postgres", free_port(), "secret", is_durable=False)
    assert not draft.exists()
    assert (tmp_path / "postgres" / "cluster" / "PG_VERSION").exists()
