"""The doctor finds what is wrong, and each finding comes with its mend."""

import json
import subprocess
import sys
from pathlib import Path

from watchkeeper.doctor import Check, examine
from watchkeeper.stack import memory
from watchkeeper.stack.folder import Folder
from watchkeeper.stack.servers.ports import free_port


def found(data: Path) -> dict[str, Check]:
    return {check.name: check for check in examine(data)}


def test_a_machine_on_which_the_tests_run_is_well(tmp_path: Path) -> None:
    checks = found(tmp_path / "new")
    ill = {name: check.found for name, check in checks.items() if not check.is_well}
    assert ill == {}
    assert {"Python", "packages", "Java", "Kafka's jars", "Postgres", "disk", "ports"} <= set(
        checks
    )


def test_a_place_that_is_no_folder_is_found_and_comes_with_its_mend(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    check = found(file / "stack")["data folder"]
    assert not check.is_well
    assert "--data" in check.mend


def test_ports_of_the_last_start_are_looked_at(tmp_path: Path) -> None:
    path, port = Folder(tmp_path).memory, free_port()
    kept = memory.with_ports(memory.recall(path, None), ["api"], {"api": port})
    memory.keep(kept, path)
    assert found(tmp_path)["ports"].found == "those of the last start are free"


def test_for_programs_it_is_one_line_of_json(tmp_path: Path) -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("watchkeeper"), "doctor", "--json", "--data", tmp_path],
        check=False,
        capture_output=True,
        text=True,
    )
    (line,) = done.stdout.splitlines()
    answer = json.loads(line)
    assert done.returncode == 0
    assert answer["is_well"] is True
    assert all(check["is_well"] for check in answer["checks"])
