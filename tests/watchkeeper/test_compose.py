"""docker-compose.yml does what the embedded stack does."""

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from ruamel.yaml import YAML

from runtime.settings import Settings
from watchkeeper.stack.parts import STEPS
from watchkeeper.stack.processes import PROCESSES
from watchkeeper.stack.rights import role_of
from watchkeeper.stack.servers import jars
from watchkeeper.stack.servers.postgres import ROLE

ROOT = Path(__file__).resolve().parents[2]
LOGINS = {role_of(process.name) for process in PROCESSES}


def whom(service: dict[str, Any]) -> str:
    """The role that a service gets into the database as."""
    return str(service["environment"]["WATCHKEEPER_POSTGRES"].split("//")[1].split(":")[0])


def variables(service: dict[str, Any]) -> set[str]:
    """Whose passwords stand in the environment of a service."""
    return set(re.findall(r"\$\{(\w+)_PASSWORD:", str(service["environment"])))


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    composed = YAML(typ="safe").load(ROOT / "docker-compose.yml")
    found: dict[str, Any] = composed["services"]
    return found


def test_it_has_every_part_of_the_stack_and_no_other(services: dict[str, Any]) -> None:
    ours = {process.name for process in PROCESSES}
    assert set(services) == ours | {"kafka", "postgres", "valkey", "prepare"}


def test_each_process_waits_for_the_same_parts(services: dict[str, Any]) -> None:
    for process in PROCESSES:
        after = {"prepare" if part in STEPS else part for part in process.after}
        assert set(services[process.name]["depends_on"]) == after, process.name


def test_each_process_is_started_by_the_same_module(services: dict[str, Any]) -> None:
    modules = {process.name: process.command[1] for process in PROCESSES}
    del modules["dashboard"]
    assert {name: services[name]["command"][2] for name in modules} == modules


def test_every_setting_that_is_given_exists(services: dict[str, Any]) -> None:
    known = {f"WATCHKEEPER_{name.upper()}" for name in Settings.model_fields}
    for process in PROCESSES:
        assert set(services[process.name]["environment"]) <= known


def test_each_process_works_as_its_role_and_only_the_owner_makes_the_schema(
    services: dict[str, Any],
) -> None:
    ours = {process.name: role_of(process.name) for process in PROCESSES}
    assert {name: whom(services[name]) for name in ours} == ours
    assert whom(services["prepare"]) == ROLE


def test_a_process_is_told_no_password_but_that_of_its_role(services: dict[str, Any]) -> None:
    for process in PROCESSES:
        role = whom(services[process.name]).removeprefix("watchkeeper_")
        assert variables(services[process.name]) == {role.upper(), "VALKEY"}


def test_what_prepares_lets_in_each_role_that_a_process_works_as(services: dict[str, Any]) -> None:
    given = msgspec.json.decode(services["prepare"]["environment"]["WATCHKEEPER_ROLE_PASSWORDS"])
    assert set(given) == LOGINS
    for process in PROCESSES:
        address = services[process.name]["environment"]["WATCHKEEPER_POSTGRES"]
        assert given[whom(services[process.name])] in address


def test_the_head_makes_every_secret_that_is_asked_for() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    loops = re.findall(r"for name in ([A-Z ]+); do\n#     echo \"(\w*)\$\{name\}(\w+)=", text)
    made = {f"{before}{name}{after}" for names, before, after in loops for name in names.split()}
    assert made == set(re.findall(r"\$\{(\w+):\?", text))


def test_the_broker_is_of_the_same_version(services: dict[str, Any]) -> None:
    broker = next(part for part in jars.COORDINATES.split("+") if "kafka" in part)
    assert services["kafka"]["image"] == f"apache/kafka:{broker.rsplit(':', 1)[1]}"


def test_no_secret_stands_in_the_file(services: dict[str, Any]) -> None:
    for name, service in services.items():
        for key, value in dict(service.get("environment", {})).items():
            if "PASSWORD" in key or "SECRET" in key:
                secrets = msgspec.json.decode(value).values() if value[0] == "{" else [value]
                assert all(secret.startswith("${") for secret in secrets), f"{name}: {key}"
