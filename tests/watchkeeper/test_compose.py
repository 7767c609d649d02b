"""docker-compose.yml does what the embedded stack does."""

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from runtime.settings import Settings
from watchkeeper.stack.parts import STEPS
from watchkeeper.stack.processes import PROCESSES
from watchkeeper.stack.servers import jars

ROOT = Path(__file__).resolve().parents[2]


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


def test_the_broker_is_of_the_same_version(services: dict[str, Any]) -> None:
    broker = next(part for part in jars.COORDINATES.split("+") if "kafka" in part)
    assert services["kafka"]["image"] == f"apache/kafka:{broker.rsplit(':', 1)[1]}"


def test_no_secret_stands_in_the_file(services: dict[str, Any]) -> None:
    for name, service in services.items():
        for key, value in dict(service.get("environment", {})).items():
            if "PASSWORD" in key or "SECRET" in key:
                assert value.startswith("${"), f"{name}: {key}"
