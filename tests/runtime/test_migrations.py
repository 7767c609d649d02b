import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from runtime import migrations

SQUAWK = Path(sys.executable).with_name("squawk")
CONFIGURATION = Path(__file__).parents[2] / ".squawk.toml"


def schemas(dsn: str) -> set[str]:
    with psycopg.connect(dsn) as connection:
        return {
            name for (name,) in connection.execute("SELECT nspname FROM pg_namespace").fetchall()
        } & set(migrations.ROOMS)


@pytest.mark.servers
def test_every_room_goes_forward_back_and_forward_again(postgres_database: str) -> None:
    assert migrations.current(postgres_database) == ()
    migrations.upgrade(postgres_database)
    assert migrations.current(postgres_database) == migrations.newest()
    assert schemas(postgres_database) == set(migrations.ROOMS)

    migrations.downgrade(postgres_database, "base")
    assert migrations.current(postgres_database) == ()
    assert schemas(postgres_database) == set()

    migrations.upgrade(postgres_database)
    migrations.upgrade(postgres_database)
    assert migrations.current(postgres_database) == migrations.newest()


@pytest.mark.servers
def test_a_room_goes_back_alone(postgres_database: str) -> None:
    migrations.upgrade(postgres_database)
    migrations.downgrade(postgres_database, "ledger@base")

    assert schemas(postgres_database) == set(migrations.ROOMS) - {"ledger"}
    migrations.upgrade(postgres_database)
    assert migrations.current(postgres_database) == migrations.newest()


@pytest.mark.servers
def test_upgrades_at_once_take_turns(postgres_database: str) -> None:
    migrations.upgrade(postgres_database)
    migrations.downgrade(postgres_database, "base")
    with ThreadPoolExecutor(4) as threads:
        for done in [threads.submit(migrations.upgrade, postgres_database) for _ in range(4)]:
            done.result()

    assert migrations.current(postgres_database) == migrations.newest()


@pytest.mark.parametrize("room", migrations.ROOMS)
def test_the_schema_passes_its_linter(room: str, tmp_path: Path) -> None:
    file = tmp_path / f"{room}.sql"
    file.write_text(migrations.as_sql(room))
    found = subprocess.run(
        [SQUAWK, "--config", CONFIGURATION, file],
        capture_output=True,
        text=True,
        check=False,
    )

    assert found.returncode == 0, found.stdout


def test_each_room_is_a_branch_with_its_name() -> None:
    for room in migrations.ROOMS:
        assert migrations.newest([room])
        assert f"{room}_0001" in migrations.as_sql(room)
