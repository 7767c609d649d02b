"""The sealer on a real Postgres: it seals, signs when it is due, and comes back after a break."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from dataflows.sealing.process import (
    CHECKPOINT_SECONDS,
    ELSEWHERE_SECONDS,
    RETRY_SECONDS,
    Leaving,
    Sealer,
)
from runtime import migrations
from runtime.audit.chain import Link
from runtime.audit.checkpoints import PUBLIC_KEY_FILE, Checkpoint, Keys, read
from runtime.audit.places import File, Found
from tests.conftest import Databases
from tests.factories import NOON

KEYS = Keys.of("only-for-tests-only-for-tests-only")


def note(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO ledger.audit_notes (kind, actor, body) VALUES ('a','b','c')"
        )


@pytest.mark.servers
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


@dataclass
class Sometimes:
    """A place that can be away."""

    place: File
    name: str = "sometimes"
    is_away: bool = True

    def add(self, checkpoint: Checkpoint) -> None:
        if self.is_away:
            raise OSError("away")
        self.place.add(checkpoint)

    def found(self) -> Iterator[Found]:
        return self.place.found()


def test_where_elsewhere_is_away_the_file_is_written_and_it_is_tried_again(tmp_path: Path) -> None:
    place = Sometimes(File(tmp_path / "elsewhere"))
    sealer = Sealer(
        dsn="",
        keys=KEYS,
        folder=tmp_path,
        now=lambda: NOON,
        clock=lambda: 0.0,
        elsewhere=Leaving(place, ELSEWHERE_SECONDS),
        end=Link(1),
    )
    sealer.sign(0.0)
    assert [each.count for each in read(tmp_path)] == [1]
    place.is_away = False
    sealer.sign(RETRY_SECONDS - 1)
    assert list(place.found()) == []
    sealer.sign(RETRY_SECONDS)
    sealer.end = Link(2)
    sealer.sign(RETRY_SECONDS + ELSEWHERE_SECONDS - 1)
    assert [each.checkpoint.count for each in place.found()] == [1]
    sealer.sign(RETRY_SECONDS + ELSEWHERE_SECONDS)
    assert [each.checkpoint.count for each in place.found()] == [1, 2]
