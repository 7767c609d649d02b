"""Checkpoints leave for a real receiver of the S3 protocol, which checks who sends them."""

import shutil
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from runtime import migrations
from runtime.audit.chain import Link
from runtime.audit.checkpoints import Keys, is_signed
from runtime.audit.places import elsewhere
from tests.conftest import Databases
from tests.factories import NOON
from tests.processes import ROOT, UNUSED
from tests.waiting import until
from watchkeeper.stack.servers.ports import free_port
from watchkeeper.stack.servers.program import Program, running

pytestmark = pytest.mark.servers

KEY, SECRET = "only-for-tests", "only-for-tests-only-for-tests"
PHRASE = "only-for-tests-only-for-tests-only"


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a store with one bucket, `audit`."""
    folder, port = tmp_path_factory.mktemp("objects"), free_port()
    (folder / "store" / "audit").mkdir(parents=True)
    binary = shutil.which("rclone", path=str(Path(sys.executable).parent))
    assert binary is not None
    program = Program(
        name="rclone",
        command=(
            *(binary, "serve", "s3", str(folder / "store"), "--addr", f"127.0.0.1:{port}"),
            *("--auth-key", f"{KEY},{SECRET}", "--config", "/dev/null"),
        ),
        is_ready=lambda: listens(port),
        environment={"HOME": str(folder)},
    )
    with running(program, folder / "log"):
        yield port


def listens(port: int) -> bool:
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0


def url(port: int, word: str = SECRET, bucket: str = "audit") -> str:
    where = f"endpoint_override=127.0.0.1:{port}&scheme=http&region=here"
    return f"s3://{KEY}:{word}@{bucket}/bank?{where}"


def test_the_sealer_sends_checkpoints_that_come_back_signed(
    databases: Databases, receiver: int, tmp_path: Path
) -> None:
    with databases.fresh() as dsn:
        migrations.upgrade(dsn)
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(
                "INSERT INTO ledger.audit_notes (kind, actor, body) VALUES ('a', 'b', 'c')"
            )
        environment = {
            **UNUSED,
            "WATCHKEEPER_KAFKA": "unused",
            "WATCHKEEPER_POSTGRES": dsn,
            "WATCHKEEPER_DATA": str(tmp_path),
            "WATCHKEEPER_AUDIT_SECRET": PHRASE,
            "WATCHKEEPER_AUDIT_CHECKPOINTS_URL": url(receiver),
            # What this receiver wants of its clients; Amazon's does not.
            "AWS_REQUEST_CHECKSUM_CALCULATION": "WHEN_REQUIRED",
        }
        sealing = Program(
            name="sealing",
            command=(sys.executable, "-m", "dataflows.sealing"),
            is_ready=lambda: True,
            environment=environment,
            folder=ROOT,
        )
        place = elsewhere(url(receiver))
        with running(sealing, tmp_path / "log"):
            until(lambda: list(place.found()) != [], "a checkpoint has left")
    (found,) = place.found()
    assert place.name == "s3://audit/bank"
    assert found.where.startswith("audit/bank/000000000000001-")
    assert found.checkpoint.count == 1
    assert is_signed(found.checkpoint, Keys.of(PHRASE).public)


def test_who_may_not_come_in_is_told_so(receiver: int) -> None:
    with pytest.raises(OSError, match="SIGNATURE_DOES_NOT_MATCH"):
        list(elsewhere(url(receiver, word="guessed")).found())


def test_a_bucket_that_is_not_there_is_named(receiver: int) -> None:
    with pytest.raises(OSError, match="nowhere"):
        elsewhere(url(receiver, bucket="nowhere")).add(Keys.of(PHRASE).sign(Link(), NOON))
