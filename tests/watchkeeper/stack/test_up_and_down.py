"""`watchkeeper up`, `status`, `down` on real servers: what a person at a terminal relies on."""

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
import redis

from data_contracts.topics import TRANSACTIONS
from runtime.kafka import Outbox, Reader, partitions
from tests.waiting import until
from watchkeeper.stack.descriptor import Descriptor, load
from watchkeeper.stack.lifecycle import supervisor_of
from watchkeeper.stack.processes import PROCESSES

pytestmark = pytest.mark.stack

WATCHKEEPER = Path(sys.executable).with_name("watchkeeper")
SERVERS_ONLY = "--without=" + ",".join(process.name for process in PROCESSES)


def run(command: str, data: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [WATCHKEEPER, command, "--data", data, *options],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )


def up(data: Path, *options: str) -> Descriptor:
    done = run("up", data, "--detach", SERVERS_ONLY, *options)
    assert done.returncode == 0, done.stdout + done.stderr
    return load(data)


def processes(data: Path) -> dict[str, dict[str, Any]]:
    done = run("status", data, "--json")
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    return {each["name"]: each for each in json.loads(line)["processes"]}


def are_gone(pids: list[int]) -> bool:
    return not any(
        psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
        for pid in pids
    )


def are_well(data: Path) -> bool:
    return all(each["is_healthy"] for each in processes(data).values())


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    until(lambda: are_gone([pid]), f"{pid} has ended")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A stack that several tests look at; each leaves it whole."""
    folder = tmp_path_factory.mktemp("shared") / "stack"
    up(folder)
    yield folder
    run("down", folder)


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A folder of one's own; whatever runs in it at the end is stopped."""
    folder = tmp_path / "stack"
    yield folder
    run("down", folder)


def write_a_row(stack: Descriptor) -> None:
    with psycopg.connect(stack.postgres) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")


def read_the_row(stack: Descriptor) -> object:
    with psycopg.connect(stack.postgres) as connection:
        return connection.execute("SELECT answer FROM kept").fetchone()


def send(stack: Descriptor) -> None:
    outbox = Outbox.to(stack.kafka)
    outbox.send(TRANSACTIONS, b"kept")
    outbox.flush()


def received(stack: Descriptor) -> list[bytes | None]:
    reader = Reader.at(stack.kafka, "test", TRANSACTIONS, 0, None)
    try:
        messages = reader.poll(10, 30.0).messages
        return [message.value() for message in messages if not message.headers()]
    finally:
        reader.close()


def test_servers_killed_the_hard_way_come_back_with_what_they_held(
    shared: Path,
) -> None:
    stack, before = load(shared), processes(shared)
    assert partitions(stack.kafka, TRANSACTIONS.name) == [0]
    write_a_row(stack)
    send(stack)
    with redis.Redis.from_url(stack.redis) as client:
        client.set("kept", "42")
        client.execute_command("WAITAOF", 1, 0, 5000)
    for name in ("kafka", "postgres", "valkey"):
        kill(before[name]["pid"])
    until(lambda: are_well(shared), "all are well again")
    after = processes(shared)
    assert {name: after[name]["restarts"] >= 1 for name in ("kafka", "postgres", "valkey")} == {
        "kafka": True,
        "postgres": True,
        "valkey": True,
    }
    assert read_the_row(stack) == (42,)
    assert received(stack) == [b"kept"]
    with redis.Redis.from_url(stack.redis) as client:
        assert client.get("kept") == b"42"


def test_a_second_up_says_that_the_stack_runs_and_changes_nothing(shared: Path) -> None:
    before = processes(shared)
    again = run("up", shared)
    assert again.returncode == 0
    assert "runs already" in again.stdout
    assert {name: each["pid"] for name, each in processes(shared).items()} == {
        name: each["pid"] for name, each in before.items()
    }


def test_secrets_are_readable_by_their_owner_only_and_on_no_command_line(shared: Path) -> None:
    stack = load(shared)
    for name in ("stack.json", "memory.json", "run/supervisord.conf", "valkey/valkey.conf"):
        assert stat.S_IMODE((shared / name).stat().st_mode) == 0o600, name
    secret = stack.redis.split("@")[0].rsplit(":", 1)[1]
    password = stack.postgres.split("@")[0].rsplit(":", 1)[1]
    for each in processes(shared).values():
        line = " ".join(psutil.Process(each["pid"]).cmdline())
        assert not any(word in line for word in (secret, password, stack.jwt_secret)), each


def test_down_ends_everything_and_the_next_up_has_the_data_and_the_ports(data: Path) -> None:
    first = up(data)
    write_a_row(first)
    send(first)
    pids = [each["pid"] for each in processes(data).values()]
    assert run("down", data).returncode == 0
    assert are_gone(pids)
    assert "No stack runs" in run("status", data).stderr
    second = up(data)
    assert (second.ports, second.jwt_secret) == (first.ports, first.jwt_secret)
    assert read_the_row(second) == (42,)
    assert received(second) == [b"kept"]


def test_up_after_the_supervisor_was_killed_ends_what_it_left_and_keeps_the_data(
    data: Path,
) -> None:
    first = up(data)
    write_a_row(first)
    before = processes(data)
    kill(before.pop("supervisor")["pid"])
    assert "lost its supervisor" in run("status", data).stderr
    second = up(data)
    assert are_gone([each["pid"] for each in before.values()])
    assert second.ports == first.ports
    assert read_the_row(second) == (42,)


def test_up_after_a_stop_that_was_cut_short_starts_everything_anew(data: Path) -> None:
    first = up(data)
    write_a_row(first)
    supervisor_of(first).stop("valkey")
    until(lambda: not are_well(data), "valkey has stopped")
    second = up(data)
    assert are_well(data)
    assert read_the_row(second) == (42,)


def test_down_after_the_supervisor_was_killed_leaves_nothing_running(data: Path) -> None:
    up(data)
    before = processes(data)
    kill(before["supervisor"]["pid"])
    assert run("down", data).returncode == 0
    assert are_gone([each["pid"] for each in before.values()])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_up_in_the_foreground_stops_everything_at_a_signal(
    data: Path, number: signal.Signals
) -> None:
    with subprocess.Popen(
        [WATCHKEEPER, "up", "--data", data, SERVERS_ONLY],
        stdout=subprocess.PIPE,
        text=True,
    ) as foreground:
        assert foreground.stdout is not None
        until((data / "stack.json").exists, "the stack has a descriptor")
        assert any("process" in line for line in foreground.stdout)
        pids = [each["pid"] for each in processes(data).values()]
        foreground.send_signal(number)
        assert foreground.wait(60) == 0
    assert are_gone(pids)
    assert not (data / "stack.json").exists()


def test_a_signal_while_the_stack_starts_stops_what_has_started(data: Path) -> None:
    with subprocess.Popen(
        [WATCHKEEPER, "up", "--detach", "--data", data, SERVERS_ONLY],
        stdout=subprocess.PIPE,
        text=True,
    ) as starting:
        assert starting.stdout is not None
        assert any("valkey ready" in line for line in starting.stdout)
        supervisor = supervisor_of(load(data))
        pid = supervisor.pid()
        assert pid is not None
        starting.send_signal(signal.SIGTERM)
        assert starting.wait(60) == 128 + signal.SIGTERM
    assert are_gone([pid])
    assert not (data / "stack.json").exists()


def test_two_stacks_run_side_by_side(shared: Path, tmp_path: Path) -> None:
    other = tmp_path / "a folder with spaces" / ("long-" * 20)
    first = load(shared)
    try:
        second = up(other)
        assert not set(first.ports.values()) & set(second.ports.values())
        assert are_well(other)
    finally:
        run("down", other)
    assert are_well(shared)


def test_servers_of_ones_own_are_used_and_not_started(
    data: Path, kafka: str, postgres_database: str, valkey: str
) -> None:
    stack = up(data, "--kafka", kafka, "--postgres", postgres_database, "--redis", valkey)
    assert (stack.kafka, stack.postgres, stack.redis) == (kafka, postgres_database, valkey)
    assert {name: each["state"] for name, each in processes(data).items()} == {
        "kafka": "FOREIGN",
        "postgres": "FOREIGN",
        "valkey": "FOREIGN",
        "supervisor": "RUNNING",
    }
    assert partitions(kafka, TRANSACTIONS.name) == [0]


def test_a_server_of_ones_own_that_does_not_answer_is_named(data: Path) -> None:
    done = run("up", data, "--detach", SERVERS_ONLY, "--redis", "redis://127.0.0.1:1/0")
    assert done.returncode == 1
    assert "valkey does not answer" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (data / "stack.json").exists()
