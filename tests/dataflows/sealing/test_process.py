"""The sealer on a real Postgres: it seals, signs when it is due, and comes back after a break."""

from pathlib import Path

import psycopg
import pytest

from dataflows.sealing.process import CHECKPOINT_SECONDS, Sealer
from runtime import migrations
from runtime.audit.checkpoints import PUBLIC_KEY_FILE, Keys, read
from tests.conftest import Databases
from tests.factories import NOON

pytestmark = pytest.mark.servers

KEYS = Keys.of("only-for-tests-only-for-tests-only")


def note(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO ledger.audit_notes (kind, actor, body) VALUES ('a','b','c')"
        )


def test_it_seals_signs_when_due_and_comes_back_after_a_break(
    databases: Databases, tmp_path: Path
) -> None:
    with databases.fresh() as dsn:
        migrations.upgrade(dsn)
        sealer = Sealer(dsn=dsn, keys=KEYS, folder=tmp_path, now=lambda: NOON, clock=lambda: 0.0)
        sealer.begin()
        assert (tmp_path / PUBLIC_KEY_FILE).read_bytes() == KEYS.public_pem
        note(dsn)
        assert sealer.seal()
        assert not sealer.seal()
        sealer.sign(0.0)
        note(dsn)
        assert sealer.connection is not None
        sealer.connection.close()
        with pytest.raises(psycopg.OperationalError):
            sealer.seal()
        assert sealer.seal()
        sealer.sign(CHECKPOINT_SECONDS / 2)
        assert [each.count for each in read(tmp_path)] == [1]
        sealer.sign(CHECKPOINT_SECONDS)
        assert [each.count for each in read(tmp_path)] == [1, 2]
        sealer.close()
