"""Sealing as a process: it looks for notes every second, and signs where the chain ends."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import Event

import structlog

from dataflows.sealing import metrics
from runtime.audit.chain import Link
from runtime.audit.checkpoints import PUBLIC_KEY_FILE, Keys
from runtime.audit.places import File, Place
from runtime.audit.ports import SOURCES, Chain
from runtime.audit.store import Store
from runtime.postgres import Connection, Unreachable, attempts, connect

NAME = "watchkeeper-sealing"
PAUSE_SECONDS = 1.0
CHECKPOINT_SECONDS = 10.0
ELSEWHERE_SECONDS = 300.0
RETRY_SECONDS = 30.0
OUTAGE_SECONDS_MAX = 60.0

log = structlog.get_logger()


@dataclass(slots=True)
class Leaving:
    """A place that checkpoints go to, at most every so many seconds."""

    place: Place
    seconds: float
    signed: Link = field(default_factory=Link)
    due: float = float("-inf")

    def sign(self, end: Link, keys: Keys, at: datetime, clock: float) -> None:
        """Write a checkpoint where one is due and the chain has grown."""
        if end != self.signed and clock >= self.due:
            self.due = clock + RETRY_SECONDS
            self.place.add(keys.sign(end, at))
            self.signed, self.due = end, clock + self.seconds
            metrics.CHECKPOINTS.inc()


@dataclass(slots=True)
class Sealer:
    """Seals what waits; checkpoints leave the database at most every `CHECKPOINT_SECONDS`."""

    dsn: str
    keys: Keys
    folder: Path
    now: Callable[[], datetime]
    clock: Callable[[], float]
    elsewhere: Leaving | None = None
    sources: tuple[str, ...] = SOURCES
    end: Link = field(default_factory=Link)
    beside: Leaving = field(init=False)
    connection: Connection | None = None

    def __post_init__(self) -> None:
        """The folder's file is always written."""
        self.beside = Leaving(File(self.folder), CHECKPOINT_SECONDS)

    def begin(self) -> None:
        """Lay the public key beside where the checkpoints go."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (self.folder / PUBLIC_KEY_FILE).write_bytes(self.keys.public_pem)

    def seal(self) -> bool:
        """Seal what waits, on a new connection where the old one broke; False: nothing waited."""
        try:
            store = self._store()
            records = store.seal(self.keys.sealing, self.now)
        except Unreachable:
            self.close()
            raise
        if records:
            self.end = Link(records[-1].seq, records[-1].hash)
            metrics.SEALED.inc(len(records))
        metrics.COUNT.set(self.end.count)
        return bool(records)

    def _store(self) -> Chain:
        if self.connection is None:
            self.connection = connect(self.dsn, NAME)
            self.end = Store(self.connection, self.sources).end()
        return Store(self.connection, self.sources)

    def sign(self, clock: float) -> None:
        """Write a checkpoint wherever one is due; sealing goes on where `elsewhere` is away."""
        self.beside.sign(self.end, self.keys, self.now(), clock)
        if self.elsewhere is not None:
            try:
                self.elsewhere.sign(self.end, self.keys, self.now(), clock)
            except OSError as error:
                metrics.FAILED.inc()
                place = self.elsewhere.place.name
                log.warning("a checkpoint could not be written", place=place, error=str(error))

    def close(self) -> None:
        """Leave; what is not committed never was."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None


def run(sealer: Sealer, stopped: Event) -> None:
    """Seal until stopped; where Postgres stays away, the error is raised."""
    sealer.begin()
    try:
        while not stopped.is_set():
            if not _patiently(sealer, stopped):
                stopped.wait(PAUSE_SECONDS)
            sealer.sign(sealer.clock())
    except Unreachable:
        # Asked to stop while waiting for Postgres: what was not sealed still waits there.
        if not stopped.is_set():
            raise
    finally:
        sealer.close()
    sealer.sign(float("inf"))


def _patiently(sealer: Sealer, stopped: Event) -> bool:
    for attempt in attempts(OUTAGE_SECONDS_MAX, stopped.is_set):
        with attempt:
            return sealer.seal()
    raise AssertionError("the last attempt returns or raises")
