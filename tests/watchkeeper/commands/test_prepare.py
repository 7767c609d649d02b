import psycopg
import pytest
from typer.testing import CliRunner, Result

from data_contracts.codec import encode
from runtime import migrations
from runtime.roles import Role
from watchkeeper.commands.prepare import app
from watchkeeper.errors import Failure

SECRET = "only-for-tests"  # noqa: S105  (on loopback, for as long as the session lasts)


def run(**environment: str) -> Result:
    given = {f"WATCHKEEPER_{name.upper()}": value for name, value in environment.items()}
    result = CliRunner().invoke(app, [], env=given)
    if isinstance(result.exception, Failure):
        raise result.exception
    return result


@pytest.mark.servers
def test_it_makes_all_that_is_missing_and_lets_the_roles_in(
    kafka: str, postgres_database: str
) -> None:
    passwords = encode(dict.fromkeys([Role.POSTING, Role.API], SECRET)).decode()
    servers = {"kafka": kafka, "postgres": postgres_database, "role_passwords": passwords}

    for _ in range(2):
        assert "Each role has its rights." in run(**servers).stdout

    assert migrations.current(postgres_database) == migrations.newest()
    api = psycopg.conninfo.make_conninfo(postgres_database, user=Role.API, password=SECRET)
    with psycopg.connect(api) as connection:
        assert connection.execute("SELECT count(*) FROM ledger.outcomes").fetchone() == (0,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("INSERT INTO ledger.outcomes DEFAULT VALUES")


@pytest.mark.parametrize("text", ["secret", '{"watchkeeper_owner": "secret"}', '["secret"]'])
def test_passwords_that_cannot_be_read_are_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(Failure, match="cannot be read") as refusal:
        run(kafka="127.0.0.1:1", postgres="dbname=none", role_passwords=text)

    assert "watchkeeper_posting" in refusal.value.mend
    assert "secret" not in f"{refusal.value}{refusal.value.mend}"
