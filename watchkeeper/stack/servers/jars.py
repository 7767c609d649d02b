"""Kafka's jars: resolved once, kept in a lock file with their SHA-256, fetched when missing."""

import fcntl
import hashlib
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import jgo
import requests
from jgo.maven import Artifact, MavenContext

from watchkeeper.errors import Failure

COORDINATES = "org.apache.kafka:kafka_2.13:4.3.0+org.slf4j:slf4j-simple:1.7.36"
LOCK = Path(__file__).parents[1] / "kafka.lock"
PARALLEL_DOWNLOADS = 8
DOWNLOAD_SECONDS_MAX = 60

Progress = Callable[[int, int], None]
_MEND = (
    "Check the way to the Maven repository and run `make install` again, "
    "or name a broker of your own with --kafka HOST:PORT."
)


def write_lock(target: Path = LOCK) -> int:
    """Resolve the jars and write down what they are; returns how many."""
    _hush()
    artifacts = [artifact for artifact in jgo.resolve(COORDINATES) if artifact.packaging == "jar"]
    lines = (f"{a.groupId}:{a.artifactId}:{a.version} {sha256(a.resolve())}" for a in artifacts)
    text = "\n".join(sorted(lines)) + "\n"
    target.write_text(text)
    return len(artifacts)


def fetch(
    lock: Path = LOCK, cache: Path | None = None, progress: Progress = lambda _done, _all: None
) -> list[Path]:
    """Every jar of the lock, fetched where missing; raises where one is not the locked one."""
    _hush()
    lines = lock.read_text().splitlines()
    context = MavenContext(repo_cache=cache, timeout=DOWNLOAD_SECONDS_MAX)
    jars: list[Path] = []
    with _alone(context.repo_cache), ThreadPoolExecutor(PARALLEL_DOWNLOADS) as pool:
        for jar in pool.map(lambda line: _fetch_one(line, context), lines):
            jars.append(jar)
            progress(len(jars), len(lines))
    return jars


def missing(lock: Path = LOCK, cache: Path | None = None) -> list[str]:
    """The coordinates of the jars that are not on this machine yet."""
    context = MavenContext(repo_cache=cache)
    coordinates = (line.split()[0] for line in lock.read_text().splitlines())
    return [name for name in coordinates if not _is_cached(_artifact(name, context))]


def sha256(path: Path) -> str:
    """The hash of a file, in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _fetch_one(line: str, context: MavenContext) -> Path:
    coordinate, expected = line.split()
    try:
        jar: Path = _artifact(coordinate, context).resolve()
    except (requests.RequestException, OSError, RuntimeError) as error:
        raise Failure(f"Kafka's jar {coordinate} could not be fetched: {error}", _MEND) from error
    if sha256(jar) != expected:
        # Half a download of an earlier run, or another file than the one that was locked.
        jar.unlink()
        raise Failure(
            f"{jar} is not the file that the lock names by its SHA-256; it was removed.", _MEND
        )
    return jar


def _artifact(coordinate: str, context: MavenContext) -> Artifact:
    group, artifact, version = coordinate.split(":")
    component = context.project(group, artifact).at_version(version)
    found: Artifact = component.artifact(packaging="jar")
    return found


def _is_cached(artifact: Artifact) -> bool:
    return artifact.cached_path is not None and artifact.cached_path.exists()


@contextmanager
def _alone(cache: Path) -> Iterator[None]:
    """One process fetches at a time: a jar is written in place, and a reader would see half."""
    with ExitStack() as held:
        with suppress(PermissionError):  # Then it is not ours, and nothing is written to it.
            cache.mkdir(parents=True, exist_ok=True)
            lock = held.enter_context((cache / "watchkeeper.lock").open("w"))
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _hush() -> None:
    logging.getLogger("jgo").setLevel(logging.ERROR)
