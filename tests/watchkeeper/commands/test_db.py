import pytest
from typer.testing import CliRunner, Result

from runtime import migrations
from watchkeeper.commands.db import app
from watchkeeper.errors import Failure

pytestmark = pytest.mark.servers


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(app, arguments)
    if isinstance(result.exception, Failure):
        raise result.exception
    return result


def test_the_schema_goes_forward_and_back(postgres_database: str) -> None:
    database = ("--postgres", postgres_database)
    with pytest.raises(Failure, match=r"Not applied yet: casework_.*ledger_") as refusal:
        run("current", *database)
    assert "watchkeeper db upgrade" in refusal.value.mend

    assert run("upgrade", *database).exit_code == 0
    current = run("current", *database)
    assert (current.exit_code, current.stdout) == (
        0,
        f"The schema stands at {', '.join(migrations.newest())}.\n",
    )

    assert run("downgrade", "base", *database).exit_code == 1  # Nobody said yes.
    assert migrations.current(postgres_database) == migrations.newest()
    assert run("downgrade", "base", "--yes", *database).exit_code == 0
    assert migrations.current(postgres_database) == ()


def test_a_step_that_does_not_exist_is_refused(postgres_database: str) -> None:
    with pytest.raises(Failure, match="no such step"):
        run("upgrade", "ledger_9999", "--postgres", postgres_database)


def test_a_database_that_is_not_there_is_refused_with_a_mend() -> None:
    with pytest.raises(Failure, match="does not answer") as refusal:
        run("upgrade", "--postgres", "host=127.0.0.1 port=1 user=nobody")
    assert "--postgres" in refusal.value.mend
