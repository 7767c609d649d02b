"""Waiting until everything that stands in the log has been scored, booked, archived and filed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import msgspec
from confluent_kafka import Consumer

from analytics.places import Places
from analytics.reached import Reached
from analytics.stocktaking import take_stock
from data_contracts.topics import Topic
from runtime.kafka import consumer_settings, end_offset
from runtime.postgres import Connection, connect

NAME = "watchkeeper-draining"
FIRST_WAIT_SECONDS, WAIT_SECONDS_MAX = 0.05, 0.5
QUIET_LOOKS = 4
"""After so many looks at which nothing moved, what the scorer says nothing of is looked for."""


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How much is settled; messages of the decisions and rejections that are left, by consumer."""

    scored: int
    log_end: int
    left: dict[str, int]

    @property
    def is_passed_on(self) -> bool:
        """Whatever the scorer has said is applied by all."""
        return not any(self.left.values())


class NotDrained(TimeoutError):
    """Something did not finish in time; the message says what."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Seconds, and a way to let some pass; a program gives `time.monotonic` and an event's wait."""

    now: Callable[[], float]
    wait: Callable[[float], object]


def wait_until_drained(
    places: Places,
    seconds: float,
    clock: Clock,
    show: Callable[[Progress], None] = lambda _progress: None,
) -> None:
    """Return once everything up to the log's end as of now is settled, or raise `NotDrained`."""
    deadline, wait = clock.now() + seconds, FIRST_WAIT_SECONDS
    with _looking(places) as look:
        targets = look.log_ends()
        before, quiet = None, 0
        while True:
            progress = look.progress(targets)
            show(progress)
            quiet = quiet + 1 if progress == before else 0
            if progress.is_passed_on and _is_scored(places, targets, progress, quiet):
                return
            if clock.now() >= deadline:
                raise NotDrained(f"after {seconds:g} seconds {_what(progress)}")
            before, wait = progress, min(2 * wait, WAIT_SECONDS_MAX)
            clock.wait(wait)


@dataclass(frozen=True, slots=True)
class _Look:
    places: Places
    connection: Connection
    consumer: Consumer

    def log_ends(self) -> dict[int, int]:
        return {cell: self._end(self.places.log, cell) for cell in range(self.places.cells)}

    def progress(self, targets: dict[int, int]) -> Progress:
        scored, left = 0, dict.fromkeys(("posting", "archiving", "alerting", "dead letters"), 0)
        reached = Reached.of(self.places, self.connection)
        for cell, target in targets.items():
            posted, archived = reached.posted(cell), reached.archived(cell)
            filed, buried = reached.filed(cell), reached.buried(cell)
            # After the consumers: what comes meanwhile counts as left, never as done.
            decided = self._end(self.places.decisions, cell)
            left["posting"] += max(0, decided - posted[1])
            left["archiving"] += max(0, decided - archived[1])
            left["alerting"] += max(0, decided - filed[1])
            left["dead letters"] += max(0, self._end(self.places.rejected, cell) - buried[1])
            scored += min(target, max(posted[0], archived[0], filed[0]) + 1)
        return Progress(scored=scored, log_end=sum(targets.values()), left=left)

    def _end(self, topic: Topic, partition: int) -> int:
        return end_offset(self.consumer, topic.name, partition)


@contextmanager
def _looking(places: Places) -> Iterator[_Look]:
    consumer = Consumer(consumer_settings(places.kafka, NAME))
    try:
        with connect(places.postgres, NAME) as connection:
            yield _Look(places, connection, consumer)
    finally:
        consumer.close()


def _is_scored(places: Places, targets: dict[int, int], progress: Progress, quiet: int) -> bool:
    if progress.scored >= progress.log_end:
        return True
    # At a tail of control records, copies and rejections there is no decision: the log shows it.
    if quiet % QUIET_LOOKS != QUIET_LOOKS - 1:
        return False
    scored = take_stock(places).watermarks["scoring"]
    return all(scored[str(cell)] >= target - 1 for cell, target in targets.items())


def _what(progress: Progress) -> str:
    left = [f"{name} has {count:,} to apply" for name, count in progress.left.items() if count]
    waiting = progress.log_end - progress.scored
    if waiting > 0:
        left.insert(0, f"up to {waiting:,} positions of the log are not scored")
    return ", ".join(left)
