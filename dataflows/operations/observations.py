"""What a poll of a topic tells about the traffic: counts by tile and entity, and positions.

Only what is needed is decoded. A message that cannot be read, or that is dated ahead of its own
arrival in Kafka, is counted aside: one such time would close every window before it.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

import msgspec
from confluent_kafka import Message

from data_contracts.decision import Verdict
from data_contracts.ids import ID_BYTES
from data_contracts.transaction import Channel, Instant
from dataflows.operations.copies import Copies
from dataflows.operations.hits import Control, Fired, HitTally, RuleHit, controls_of
from runtime.kafka import kind_of

AHEAD_MS_MAX = 60_000
CHANNEL, PROCESS = "channel", "process"
SCORING = "scoring"
NONE = -1  # No position yet.

Value = TypeVar("Value")
Counts = dict[tuple[int, str], list[int]]
_Arrived = tuple[int, int, bytes | str | None]  # time, position, key


class Stream(StrEnum):
    """The topics that are watched."""

    LOG = "log"
    DECISIONS = "decisions"
    REJECTED = "rejected"


class _Arrival(msgspec.Struct):
    tenant: str
    channel: Channel
    received_at: Instant


class _Decided(msgspec.Struct):
    position: int
    verdict: Verdict
    transaction: _Arrival
    hits: tuple[RuleHit, ...] = ()


class _Letter(msgspec.Struct):
    offset: int


_arrival = msgspec.json.Decoder(_Arrival).decode
_decided = msgspec.json.Decoder(_Decided).decode
_letter = msgspec.json.Decoder(_Letter).decode


def entity_key(tenant: str, kind: str, name: str) -> str:
    """The name of an entity within the state; neither kind nor name has white space."""
    return f"{tenant}\t{kind}\t{name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Transactions of the log that arrived within one second, up to a position."""

    first_ms: int
    last_position: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What one poll of one partition brought.

    `counts` are whole and part by tile number and entity, `newest_ms` the latest time among them;
    `caught_up_ms` is when the broker said that there is no more; `settled` the highest position of
    the log that a decision or dead letter answers; `waiting` what the log brought, by second, up
    to `read_until`; `decided` are decisions by minute, `fired` the rules that hit, in order of it.
    """

    stream: Stream
    cell: int
    counts: Counts = field(default_factory=dict)
    newest_ms: int | None = None
    caught_up_ms: int | None = None
    settled: int = NONE
    waiting: tuple[Waiting, ...] = ()
    read_until: int = NONE
    controls: tuple[Control, ...] = ()
    decided: dict[int, int] = field(default_factory=dict)
    fired: tuple[Fired, ...] = ()
    unreadable: int = 0
    ahead: int = 0


class Observer(Protocol):
    """Reads the polls of one partition; `settled` is its memory between them."""

    settled: int

    def observe(self, cell: int, messages: Sequence[Message]) -> Observation:
        """What the messages tell."""
        ...


@dataclass(slots=True)
class _Reading(Generic[Value]):
    """One pass over messages: what could be read, each with its time, and what was wrong."""

    decode: Callable[[bytes], Value]
    time_of: Callable[[Value, Message], int]
    newest_ms: int | None = None
    unreadable: int = 0
    ahead: int = 0

    def of(self, messages: Iterable[Message]) -> Iterator[tuple[Message, Value, int]]:
        newest = NONE
        for message in messages:
            try:
                value = self.decode(message.value() or b"")
            except (msgspec.DecodeError, UnicodeDecodeError):
                self.unreadable += 1
                continue
            at = self.time_of(value, message)
            if at > message.timestamp()[1] + AHEAD_MS_MAX:
                self.ahead += 1
                continue
            newest = max(newest, at)
            yield message, value, at
        self.newest_ms = None if newest == NONE else newest


def _received_ms(arrival: _Arrival) -> int:
    return int(arrival.received_at.timestamp() * 1_000)


def _is_transaction(message: Message) -> bool:
    return kind_of(message) is None


@dataclass(slots=True)
class LogObserver:
    """Counts arrivals by channel, and notes what has to be decided."""

    tile_ms: int
    settled: int = NONE
    copies: Copies = field(default_factory=Copies)

    def observe(self, cell: int, messages: Sequence[Message]) -> Observation:
        """Each transaction counts, its copies too; whether it is valid is scoring's to say."""
        counts: Counter[tuple[int, str, str]] = Counter()
        arrived: list[_Arrived] = []
        reading = _Reading(_arrival, lambda arrival, _: _received_ms(arrival))
        for message, arrival, at in reading.of(filter(_is_transaction, messages)):
            counts[at // self.tile_ms, arrival.tenant, arrival.channel] += 1
            arrived.append((at, message.offset() or 0, message.key()))
        return Observation(
            stream=Stream.LOG,
            cell=cell,
            counts={
                (tile, entity_key(tenant, CHANNEL, channel)): [count, 0]
                for (tile, tenant, channel), count in counts.items()
            },
            newest_ms=reading.newest_ms,
            waiting=self._waiting(arrived),
            read_until=messages[-1].offset() or 0,
            controls=controls_of(messages),
            unreadable=reading.unreadable,
            ahead=reading.ahead,
        )

    def _waiting(self, arrived: Sequence[_Arrived]) -> tuple[Waiting, ...]:
        # Ours is a message's key where it has 16 bytes; for this purpose that is proof enough.
        keys = [
            key if isinstance(key, bytes) and len(key) == ID_BYTES else None for *_, key in arrived
        ]
        known = iter(self.copies.among([key for key in keys if key is not None]))
        seconds: dict[int, list[int]] = {}
        for (at, position, _), key in zip(arrived, keys, strict=True):
            if key is not None and next(known):
                continue
            second = seconds.setdefault(at // 1_000, [at, NONE, 0])
            second[1:] = position, second[2] + 1
        return tuple(
            Waiting(first_ms=first_ms, last_position=last, count=count)
            for first_ms, last, count in seconds.values()
        )


@dataclass(slots=True)
class DecisionObserver:
    """Counts decisions and declines by channel; a copy of a position that it had is passed over."""

    tile_ms: int
    tenant: str
    settled: int = NONE

    def observe(self, cell: int, messages: Sequence[Message]) -> Observation:
        """Each decision counts at the time of arrival of its transaction."""
        counts: Counter[tuple[int, str, str, bool]] = Counter()
        reading = _Reading(_decided, lambda decided, _: _received_ms(decided.transaction))
        tally = HitTally()
        for _, decided, at in reading.of(messages):
            if decided.position <= self.settled:
                continue
            self.settled = decided.position
            arrival, is_declined = decided.transaction, decided.verdict is Verdict.DECLINE
            counts[at // self.tile_ms, arrival.tenant, arrival.channel, is_declined] += 1
            tally.add(at, decided.position, decided.hits, is_declined=is_declined)
        return Observation(
            stream=Stream.DECISIONS,
            cell=cell,
            counts=self._totals(counts),
            newest_ms=reading.newest_ms,
            settled=self.settled,
            decided=tally.decided,
            fired=tally.in_order(),
            unreadable=reading.unreadable,
            ahead=reading.ahead,
        )

    def _totals(self, counts: Counter[tuple[int, str, str, bool]]) -> Counts:
        totals: Counts = {}
        scoring = entity_key(self.tenant, PROCESS, SCORING)
        for (tile, tenant, channel, is_declined), count in counts.items():
            pair = totals.setdefault((tile, entity_key(tenant, CHANNEL, channel)), [0, 0])
            pair[0] += count
            pair[1] += count if is_declined else 0
            totals.setdefault((tile, scoring), [0, 0])[0] += count
        return totals


@dataclass(slots=True)
class RejectedObserver:
    """Counts dead letters; what could not be read has no time, so a letter counts when written."""

    tile_ms: int
    tenant: str
    settled: int = NONE

    def observe(self, cell: int, messages: Sequence[Message]) -> Observation:
        """Each letter counts once, a copy is passed over."""
        counts: Counter[int] = Counter()
        reading = _Reading(_letter, lambda _, message: int(message.timestamp()[1]))
        for _, letter, at in reading.of(messages):
            if letter.offset > self.settled:
                self.settled = letter.offset
                counts[at // self.tile_ms] += 1
        scoring = entity_key(self.tenant, PROCESS, SCORING)
        return Observation(
            stream=Stream.REJECTED,
            cell=cell,
            counts={(tile, scoring): [count, count] for tile, count in counts.items()},
            newest_ms=reading.newest_ms,
            settled=self.settled,
            unreadable=reading.unreadable,
            ahead=reading.ahead,
        )
