"""What watches a run from outside: decisions as they come, the ledger's mark, processor time."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from threading import Event, Thread
from time import perf_counter
from types import TracebackType
from typing import Self

import msgspec
import numpy as np
import psutil
import psycopg
from confluent_kafka import KafkaException

from data_contracts.topics import DECISIONS
from runtime.kafka import Reader
from watchkeeper.bench.statistics import NEVER
from watchkeeper.simulator.draws import Integers, Reals

LOOK_SECONDS, WAIT_SECONDS = 0.02, 0.1
FETCH_WAIT_MS = 10
GROUP = "bench"
_WATERMARK = "SELECT position FROM ledger.watermarks WHERE topic = %s AND partition = 0"


class _Named(msgspec.Struct, frozen=True):
    transaction_id: str


class _Seen(msgspec.Struct, frozen=True):
    position: int
    transaction: _Named


_decode = msgspec.json.Decoder(_Seen).decode


@dataclass(slots=True)
class Probe(AbstractContextManager["Probe"]):
    """Something that looks again and again in a thread of its own; what it raises ends the run."""

    look: Callable[[], None]
    close: Callable[[], None]
    _stopped: Event = field(default_factory=Event)
    _errors: list[Exception] = field(default_factory=list)
    _thread: Thread | None = None

    def __enter__(self) -> Self:
        """Begin to look."""
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """Stop looking; raise what went wrong meanwhile."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()
        self.close()
        if error is None and self._errors:
            raise self._errors[0]

    def _run(self) -> None:
        try:
            while not self._stopped.is_set():
                self.look()
        except (psycopg.Error, KafkaException, RuntimeError, ValueError) as error:
            self._errors.append(error)


@dataclass(slots=True)
class Decided:
    """When the decision of each transaction of the run was seen, and where it stood in the log."""

    run: str
    moments: Reals
    positions: Integers
    repeated: int = 0

    @classmethod
    def of(cls, run: str, count: int) -> "Decided":
        """Nothing seen so far."""
        return cls(run, np.full(count, NEVER), np.full(count, -1, dtype=np.int64))

    def note(self, value: bytes, moment: float) -> None:
        """A decision came; one of another run is none of ours."""
        seen = _decode(value)
        run, _, number = seen.transaction.transaction_id.partition("-")
        if run != self.run:
            return
        index = int(number)
        if self.positions[index] >= 0:
            self.repeated += 1
            return
        self.moments[index] = moment
        self.positions[index] = seen.position


def decisions(kafka: str, decided: Decided) -> Probe:
    """Read decisions as they are written and note when each was seen."""
    overrides = {"fetch.wait.max.ms": FETCH_WAIT_MS}
    reader = Reader.at(kafka, GROUP, DECISIONS, 0, None, **overrides)

    def look() -> None:
        batch = reader.poll(seconds=WAIT_SECONDS)
        moment = perf_counter()
        for message in batch.messages:
            decided.note(message.value() or b"", moment)

    return Probe(look, reader.close)


@dataclass(slots=True)
class Marks:
    """The ledger's watermarks that were seen, each with its moment."""

    positions: list[int] = field(default_factory=list)
    moments: list[float] = field(default_factory=list)

    def note(self, position: int, moment: float) -> None:
        """Keep it if it moved."""
        if not self.positions or position > self.positions[-1]:
            self.positions.append(position)
            self.moments.append(moment)


def ledger_marks(postgres: str, marks: Marks) -> Probe:
    """Ask the ledger every 20 ms how far it is."""
    connection = psycopg.connect(postgres, autocommit=True)
    pause = Event()

    def look() -> None:
        found = connection.execute(_WATERMARK, (DECISIONS.name,)).fetchone()
        if found is not None:
            marks.note(found[0], perf_counter())
        pause.wait(LOOK_SECONDS)

    return Probe(look, connection.close)


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process and its children have used: seconds of processor, bytes of memory."""

    cpu_seconds: float
    rss_bytes: int


def busy_seconds() -> float:
    """Seconds of processor that the whole machine has used since it started."""
    times = psutil.cpu_times()
    waiting = times.idle + getattr(times, "iowait", 0.0)  # Only Linux tells them apart.
    counted_in_user = getattr(times, "guest", 0.0) + getattr(times, "guest_nice", 0.0)
    return float(sum(times) - waiting - counted_in_user)


def usage(pids: Mapping[str, int]) -> dict[str, Usage]:
    """The usage of each process by name; one that has ended counts as nothing."""
    return {name: _family_usage(pid) for name, pid in pids.items()}


def _family_usage(pid: int) -> Usage:
    seconds, rss = 0.0, 0
    try:
        first = psutil.Process(pid)
        family = [first, *first.children(recursive=True)]
    except psutil.NoSuchProcess:
        return Usage(0.0, 0)
    for process in family:
        try:
            times, memory = process.cpu_times(), process.memory_info()
        except psutil.NoSuchProcess:
            continue
        seconds += times.user + times.system
        rss += memory.rss - getattr(memory, "shared", 0)
    return Usage(seconds, rss)
