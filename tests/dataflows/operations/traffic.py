"""Traffic for the monitor, as observations: made by the second, without Kafka."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from data_contracts.alert import Alert
from dataflows.operations.monitor import Monitor
from dataflows.operations.observations import (
    CHANNEL,
    PROCESS,
    SCORING,
    Observation,
    Stream,
    Waiting,
    entity_key,
)
from rules import operations

TENANT = "demo"
MONDAY_MS = 1_772_409_600_000  # 2 March 2026, 00:00 UTC.
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
RULES = operations.load()


def channel(name: str) -> str:
    """The entity of a channel."""
    return entity_key(TENANT, CHANNEL, name)


SCORER = entity_key(TENANT, PROCESS, SCORING)


def arrivals(
    at_ms: int, counts: dict[str, int], position: int = 0, cell: int = 0, tile_ms: int = MINUTE_MS
) -> Observation:
    """That many transactions by channel, received at once."""
    return Observation(
        stream=Stream.LOG,
        cell=cell,
        counts={
            (at_ms // tile_ms, channel(name)): [count, 0] for name, count in counts.items() if count
        },
        newest_ms=at_ms,
        waiting=(Waiting(first_ms=at_ms, last_position=position, count=sum(counts.values())),),
    )


def decisions(
    at_ms: int, counts: dict[str, tuple[int, int]], position: int = 0, cell: int = 0
) -> Observation:
    """Decisions and declines by channel, on transactions received then."""
    tile = at_ms // MINUTE_MS
    whole = sum(count for count, _ in counts.values())
    return Observation(
        stream=Stream.DECISIONS,
        cell=cell,
        counts={(tile, channel(name)): list(pair) for name, pair in counts.items()}
        | {(tile, SCORER): [whole, 0]},
        newest_ms=at_ms,
        settled=position,
    )


def letters(at_ms: int, count: int, position: int = 0, cell: int = 0) -> Observation:
    """Dead letters."""
    return Observation(
        stream=Stream.REJECTED,
        cell=cell,
        counts={(at_ms // MINUTE_MS, SCORER): [count, count]},
        newest_ms=at_ms,
        settled=position,
    )


def at_end(stream: Stream, now_ms: int, cell: int = 0) -> Observation:
    """The broker says that there is no more."""
    return Observation(stream=stream, cell=cell, caught_up_ms=now_ms)


def monitor(now_ms: int = MONDAY_MS, snapshot: bytes | None = None, cells: int = 1) -> Monitor:
    """A monitor with the shipped rules, started then."""
    return Monitor(RULES, TENANT, cells, now_ms, snapshot)


@dataclass(slots=True)
class Bank:
    """A whole stack in event time: minute by minute, with a scorer that may stand still."""

    watched: Monitor
    now_ms: int = MONDAY_MS
    position: int = 0
    settled: int = 0
    alerts: list[Alert] = field(default_factory=list)

    def minute(
        self,
        counts: dict[str, int],
        declined: float = 0.0,
        refused: int = 0,
        *,
        is_scoring: bool = True,
    ) -> None:
        """A minute of traffic at its middle, decided at once, then read to the end."""
        middle = self.now_ms + MINUTE_MS // 2
        if counts:
            self.position += sum(counts.values())
            self.take(arrivals(middle, counts, self.position))
        if is_scoring:
            decided = {name: (count, round(declined * count)) for name, count in counts.items()}
            if decided:
                self.take(decisions(middle, decided, self.position))
            if refused:
                self.position += refused
                self.take(letters(middle, refused, self.position))
        self.now_ms += MINUTE_MS
        for second in range(0, 60, 20):
            self.tick(self.now_ms - MINUTE_MS + second * 1_000 + 31_000)

    def tick(self, now_ms: int) -> None:
        """Every topic is read to its end."""
        for stream in (Stream.LOG, Stream.REJECTED, Stream.DECISIONS):
            self.take(at_end(stream, now_ms))

    def minutes(self, count: int, counts: dict[str, int], **more: float) -> None:
        """The same minute again and again."""
        for _ in range(count):
            self.minute(counts, **more)  # type: ignore[arg-type]  # passed on as it is

    def take(self, seen: Observation) -> None:
        """Let the monitor see it."""
        self.alerts += self.watched.observe(seen)

    def restart(self, now_ms: int | None = None) -> None:
        """Take the monitor down and up again from its snapshot."""
        self.now_ms = self.now_ms if now_ms is None else now_ms
        self.watched = monitor(self.now_ms, self.watched.snapshot())

    def raised(self) -> list[tuple[str, str]]:
        """Rule and entity of every alert so far."""
        return [(alert.rules[0], alert.entity) for alert in self.alerts]


def observe_all(watched: Monitor, seen: Iterable[Observation]) -> Sequence[Alert]:
    """All alerts of all observations."""
    return [alert for observation in seen for alert in watched.observe(observation)]
