"""The command line: fast help, and refusals without tracebacks."""

import subprocess
import sys
from pathlib import Path

import pytest

from watchkeeper import cli

WATCHKEEPER = Path(sys.executable).with_name("watchkeeper")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [WATCHKEEPER, *arguments], check=False, capture_output=True, text=True, timeout=60
    )


def test_the_help_names_every_command_and_imports_none_of_them() -> None:
    code = (
        "import sys; sys.argv = ['watchkeeper', '--help']\n"
        "from watchkeeper.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print([name for name in sys.modules if name.startswith('watchkeeper.commands.')])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    *shown, imported = done.stdout.splitlines()
    assert imported == "[]"
    for entry in cli.ENTRIES:
        assert any(f" {entry.name} " in line for line in shown), entry.name


@pytest.mark.parametrize("entry", cli.ENTRIES, ids=lambda entry: str(entry.name))
def test_every_command_can_be_loaded_and_has_a_help(entry: cli.Entry) -> None:
    command = cli.load(entry.name)
    assert command.name == entry.name
    assert command.help
    assert "install_completion" not in {param.name for param in command.params}


def test_a_misspelt_command_is_answered_with_the_right_one() -> None:
    done = run("statsu")
    assert done.returncode == 2
    assert "status" in done.stderr


def test_a_refusal_has_a_mend_and_no_traceback(tmp_path: Path) -> None:
    done = run("status", "--data", str(tmp_path))
    assert done.returncode == 1
    assert "watchkeeper up" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_the_version_is_shown() -> None:
    assert run("--version").stdout.startswith("watchkeeper ")


def test_a_group_is_described_in_its_own_help_as_in_the_list() -> None:
    commands = {entry: cli.load(entry.name) for entry in cli.ENTRIES}
    groups = {entry: found for entry, found in commands.items() if hasattr(found, "commands")}
    assert groups
    for entry, group in groups.items():
        assert group.help == entry.help
