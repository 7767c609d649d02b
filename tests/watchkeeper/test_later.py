"""Sub-commands that are imported when they are called."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from watchkeeper.commands.rules import LATER, app


@pytest.mark.parametrize("name", LATER)
def test_each_can_be_called_and_has_a_help(name: str) -> None:
    result = CliRunner().invoke(app, [name, "--help"])
    assert result.exit_code == 0
    assert "Usage" in result.output


def test_the_help_names_them_all() -> None:
    shown = CliRunner().invoke(app, ["--help"]).output
    assert not [name for name in LATER if f" {name} " not in shown]


def test_a_misspelt_one_is_answered_with_the_right_one() -> None:
    result = CliRunner().invoke(app, ["pln"])
    assert result.exit_code == 2
    assert "'plan'" in result.output


def test_what_is_not_called_is_not_imported() -> None:
    code = (
        "import sys; from watchkeeper.commands import rules\n"
        "print([name for name in ('numba', 'alembic', 'duckdb') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "[]\n"
