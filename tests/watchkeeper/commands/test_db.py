import psycopg
import pytest
from typer.testing import CliRunner, Result

from runtime import migrations
from runtime.roles import Role
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


def test_roles_are_made_and_an_upgrade_gives_them_their_rights(postgres_database: str) -> None:
    database = ("--postgres", postgres_database)
    assert run("upgrade", *database).exit_code == 0
    made = run("roles", *database)
    assert (made.exit_code, made.stdout) == (0, f"Rights are given to {', '.join(Role)}.\n")

    assert run("downgrade", "ledger@base", "--yes", *database).exit_code == 0
    assert run("upgrade", *database).exit_code == 0
    question = "SELECT has_table_privilege('watchkeeper_auditor', 'ledger.outcomes', 'SELECT')"
    with psycopg.connect(postgres_database) as connection:
        assert connection.execute(question).fetchone() == (True,)
    run("downgrade", "base", "--yes", *database)


def test_the_sql_of_the_schema_can_be_read() -> None:
    ledger = run("sql", "ledger").stdout
    assert "CREATE TABLE ledger.outcomes" in ledger
    assert "casework" not in ledger
    assert run("sql").stdout.startswith(ledger.rstrip())
    with pytest.raises(Failure, match="There is no schema wages"):
        run("sql", "wages")


def test_a_step_that_does_not_exist_is_refused(postgres_database: str) -> None:
    with pytest.raises(Failure, match="no such step"):
        run("upgrade", "ledger_9999", "--postgres", postgres_database)


def test_a_database_that_is_not_there_is_refused_with_a_mend() -> None:
    with pytest.raises(Failure, match="does not answer") as refusal:
        run("upgrade", "--postgres", "host=127.0.0.1 port=1 user=nobody")
    assert "--postgres" in refusal.value.mend
