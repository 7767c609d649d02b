"""Real servers for the tests, started when the first test asks, ended with the session."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import hypothesis
import psycopg
import pytest
import redis
from psycopg import sql

from watchkeeper.stack.servers import jars
from watchkeeper.stack.servers import kafka as kafka_server
from watchkeeper.stack.servers import postgres as postgres_server
from watchkeeper.stack.servers import valkey as valkey_server
from watchkeeper.stack.servers.ports import free_port
from watchkeeper.stack.servers.program import running

# How fast something is, benchmarks say; a busy machine must not fail a test.
hypothesis.settings.register_profile("house", deadline=None)
hypothesis.settings.load_profile("house")

PASSWORD = "only-for-tests"  # noqa: S105  (on loopback, for as long as the session lasts)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--data", type=Path, help="folder of the public data sets")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without the data sets the tests on them are not collected at all."""
    if config.getoption("--data") is None:
        on_data = [item for item in items if item.get_closest_marker("data")]
        config.hook.pytest_deselected(items=on_data)
        items[:] = [item for item in items if item not in set(on_data)]


@pytest.fixture(scope="session")
def data_sets(request: pytest.FixtureRequest) -> Path:
    """The folder of the public data sets, given by `--data`."""
    folder: Path = request.config.getoption("--data")
    return folder


@pytest.fixture(scope="session")
def server_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the session's servers keep their data."""
    return tmp_path_factory.mktemp("servers")


@pytest.fixture(scope="session")
def kafka(server_folder: Path) -> Iterator[str]:
    """Bootstrap servers of a real Apache Kafka without topics; name yours uniquely."""
    port = free_port()
    program = kafka_server.prepare(
        server_folder / "kafka", port, free_port(taken=[port]), jars.fetch()
    )
    with running(program, server_folder / "kafka.log"):
        yield f"127.0.0.1:{port}"


@dataclass(frozen=True, slots=True)
class Databases:
    """One Postgres server, and fresh databases in it."""

    port: int
    numbers: "count[int]"

    @contextmanager
    def fresh(self) -> Iterator[str]:
        """The connection string of an empty database that ends with the block."""
        name = f"test_{next(self.numbers)}"
        yield postgres_server.make_database(self.port, PASSWORD, name)
        administration = postgres_server.dsn(self.port, PASSWORD, "postgres")
        with psycopg.connect(administration, autocommit=True) as connection:
            connection.execute(
                sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
            )


@pytest.fixture(scope="session")
def databases(server_folder: Path) -> Iterator[Databases]:
    """A real Postgres that can make databases."""
    port = free_port()
    program = postgres_server.prepare(server_folder / "postgres", port, PASSWORD, is_durable=False)
    with running(program, server_folder / "postgres.log"):
        yield Databases(port, count(1))


@pytest.fixture(scope="module")
def postgres_database(databases: Databases) -> Iterator[str]:
    """The connection string of a Postgres database that is this test module's own, and empty."""
    with databases.fresh() as connection:
        yield connection


@pytest.fixture(scope="session")
def valkey_address(server_folder: Path) -> Iterator[str]:
    """The address of a real Valkey, shared by all."""
    port = free_port()
    program = valkey_server.prepare(server_folder / "valkey", port, PASSWORD)
    with running(program, server_folder / "valkey.log"):
        yield valkey_server.url(port, PASSWORD)


@pytest.fixture(scope="module")
def valkey(valkey_address: str) -> str:
    """The address of a real Valkey, empty at the start of each test module."""
    with redis.Redis.from_url(valkey_address) as client:
        client.flushall()
    return valkey_address
