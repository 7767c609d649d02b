"""What the stack refuses before it starts anything, and what it says then."""

import socket
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from runtime.roles import Role
from watchkeeper.errors import Failure
from watchkeeper.stack import memory
from watchkeeper.stack.descriptor import NoStack, load, save
from watchkeeper.stack.folder import Folder
from watchkeeper.stack.servers.ports import FIRST, LAST, free_port, is_free
from watchkeeper.stack.wishes import Wishes, describe

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_a_folder_without_a_stack_says_how_to_start_one(tmp_path: Path) -> None:
    with pytest.raises(NoStack, match="No stack runs") as refusal:
        load(tmp_path)
    assert "watchkeeper up" in refusal.value.mend


def test_a_descriptor_of_another_version_is_refused_with_its_reason(tmp_path: Path) -> None:
    Folder(tmp_path).descriptor.write_text('{"data": 1}')
    with pytest.raises(NoStack, match="not a descriptor of this version"):
        load(tmp_path)


def test_a_descriptor_is_read_as_it_was_written(tmp_path: Path) -> None:
    wishes = Wishes(data=tmp_path, kafka="broker:9092", without=frozenset({"dashboard"}))
    kept = memory.with_ports(memory.recall(tmp_path / "none", 3), wishes.port_names(), {})
    descriptor = describe(wishes, kept, NOW)
    save(descriptor)
    assert load(tmp_path) == descriptor
    assert (descriptor.kafka, descriptor.cells) == ("broker:9092", 3)
    assert "kafka" not in descriptor.processes
    assert "dashboard" not in descriptor.processes
    assert descriptor.folder.descriptor.stat().st_mode & 0o777 == 0o600


def test_the_settings_of_a_stack_are_those_that_its_processes_get(tmp_path: Path) -> None:
    wishes = Wishes(data=tmp_path, scoring_workers=2)
    kept = memory.with_ports(memory.recall(tmp_path / "none", None), wishes.port_names(), {})
    descriptor = describe(wishes, kept, NOW)
    settings, environment = descriptor.settings(), descriptor.environment("scoring")
    assert settings.postgres.get_secret_value() == descriptor.postgres
    assert environment["WATCHKEEPER_POSTGRES"] == descriptor.postgres_roles[Role.CASEWORK]
    assert environment["WATCHKEEPER_SCORING_WORKERS"] == str(settings.scoring_workers) == "2"
    assert environment["WATCHKEEPER_METRICS_PORT"] == str(descriptor.ports["scoring"])


def test_secrets_are_new_for_each_stack_and_long_enough(tmp_path: Path) -> None:
    one, other = (memory.recall(tmp_path / "none", None) for _ in range(2))
    assert len(one.jwt_secret) >= 32
    assert one.jwt_secret != other.jwt_secret
    assert one.postgres_password != one.valkey_password


def test_another_number_of_cells_than_at_first_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "memory.json"
    memory.keep(memory.recall(path, 2), path)
    assert memory.recall(path, None).cells == 2
    assert memory.recall(path, 2).cells == 2
    with pytest.raises(Failure, match="made with 2 cells, not 3"):
        memory.recall(path, 3)


def test_a_process_that_does_not_exist_cannot_be_left_out(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="there is no such process") as refusal:
        Wishes(data=tmp_path, without=frozenset({"dashbord"}))
    assert "dashboard" in refusal.value.mend


def test_a_port_that_is_taken_is_refused_where_it_was_asked_for(tmp_path: Path) -> None:
    fresh = memory.recall(tmp_path / "none", None)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Failure, match=f"Port {port}, wanted for api, is taken"):
            memory.with_ports(fresh, ["api"], {"api": port})


def test_a_remembered_port_is_kept_while_free_and_left_when_taken(tmp_path: Path) -> None:
    port = free_port()
    before = msgspec.structs.replace(memory.recall(tmp_path / "none", None), ports={"api": port})
    assert memory.with_ports(before, ["api"], {}).ports == {"api": port}
    with socket.create_server(("127.0.0.1", port)):
        assert memory.with_ports(before, ["api"], {}).ports["api"] != port


def test_free_ports_are_below_those_that_clients_get() -> None:
    port = free_port()
    assert FIRST <= port < LAST
    assert is_free(port)
