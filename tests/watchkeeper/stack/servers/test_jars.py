"""Kafka's jars: nothing that is not as locked is ever run."""

from pathlib import Path

import pytest

from watchkeeper.errors import Failure
from watchkeeper.stack.servers import jars


def a_lock(folder: Path, hash_in_hex: str) -> tuple[Path, Path]:
    """A lock of one jar, and that jar in a cache."""
    jar = folder / "cache" / "org" / "example" / "thing" / "1.0" / "thing-1.0.jar"
    jar.parent.mkdir(parents=True)
    jar.write_bytes(b"half a down")
    lock = folder / "some.lock"
    lock.write_text(f"org.example:thing:1.0 {hash_in_hex}\n")
    return lock, jar


def test_a_jar_that_is_not_the_locked_one_is_removed_and_named(tmp_path: Path) -> None:
    lock, jar = a_lock(tmp_path, "0" * 64)
    with pytest.raises(Failure, match="is not the file that the lock names") as refusal:
        jars.fetch(lock, tmp_path / "cache")
    assert not jar.exists()
    assert "make install" in refusal.value.mend


def test_a_jar_that_is_as_locked_is_taken_and_counted(tmp_path: Path) -> None:
    _, jar = a_lock(tmp_path, "")
    lock = tmp_path / "right.lock"
    lock.write_text(f"org.example:thing:1.0 {jars.sha256(jar)}\n")
    told: list[tuple[int, int]] = []
    found = jars.fetch(lock, tmp_path / "cache", lambda done, count: told.append((done, count)))
    assert found == [jar]
    assert told == [(1, 1)]
    assert jars.missing(lock, tmp_path / "cache") == []


def test_jars_that_are_not_there_are_named(tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    assert len(jars.missing(cache=tmp_path / "cache")) == len(jars.LOCK.read_text().splitlines())


def test_the_lock_names_the_broker_and_what_writes_its_log() -> None:
    coordinates = [line.split()[0] for line in jars.LOCK.read_text().splitlines()]
    assert set(jars.COORDINATES.split("+")) <= set(coordinates)
    assert coordinates == sorted(coordinates)
