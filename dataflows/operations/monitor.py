"""The monitor: observations in, alerts out; pure, small, and restored from its own bytes.

Time is event time: `received_at` of what was read. It moves on with what arrives, and with the
clock only while the broker says that there is no more to read; downtime moves nothing. Windows over
decisions never run ahead of what waits for a decision, so a stopped scorer is not a silent channel.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from math import gcd

import msgspec

from data_contracts.alert import Alert
from dataflows.operations.alerts import Episodes, Hit
from dataflows.operations.observations import (
    CHANNEL,
    NONE,
    PROCESS,
    SCORING,
    Observation,
    Stream,
    entity_key,
)
from dataflows.operations.usual import Baseline, Expected
from dataflows.operations.waiting import Backlog, Lag
from dataflows.operations.windows import Windows
from rules.operation_rules import Kind, Measured, OperationRule, Usual, is_hit
from rules.operations import TILE_MS

LATENESS_MS = timedelta(seconds=10) // timedelta(milliseconds=1)
LAG_PAUSE_MS = 60_000
LONG_AGO = -(1 << 53)

ARRIVAL_KINDS = frozenset({Kind.VOLUME_DROP, Kind.VOLUME_SURGE, Kind.SILENCE})
RATIO_KINDS = frozenset({Kind.DECLINE_RATIO, Kind.REFUSAL_RATIO})
ENTITY_KINDS = {Kind.REFUSAL_RATIO: PROCESS}


def tile_ms(rules: Sequence[OperationRule]) -> int:
    """The longest tile that every window and step is made of."""
    return gcd(*(rule.every_ms for rule in rules if rule.every_ms)) or TILE_MS


class Book(msgspec.Struct, kw_only=True):
    """Windows over one kind of events, what is usual for them, and how far their time has come."""

    windows: Windows
    baseline: Baseline
    watermark_ms: int = LONG_AGO


class State(msgspec.Struct, kw_only=True):
    """All that the monitor remembers; on windows up to `began_ms` it only learns."""

    began_ms: int
    arrivals: Book
    outcomes: Book
    newest_ms: dict[str, int] = {}
    idle_ms: dict[str, int] = {}
    backlogs: dict[int, Backlog] = {}
    read_until: dict[int, int] = {}
    episodes: Episodes = msgspec.field(default_factory=Episodes)


class Monitor:
    """Judges the traffic of `cells` cells; `now_ms` is when this process was started."""

    def __init__(
        self,
        rules: Sequence[OperationRule],
        tenant: str,
        cells: int,
        now_ms: int,
        snapshot: bytes | None = None,
    ) -> None:
        """Begin anew, or go on from a snapshot."""
        self.rules = rules
        self.scoring = entity_key(tenant, PROCESS, SCORING)
        self.cells = range(cells)
        self.resumed_ms = now_ms
        self.tile_ms = tile_ms(rules)
        restored = None if snapshot is None else msgspec.msgpack.decode(snapshot, type=State)
        if restored is None or restored.arrivals.windows.tile_ms != self.tile_ms:
            restored = self._anew(now_ms)  # Other tiles can not be put together to these.
        self.state = restored

    def _anew(self, now_ms: int) -> State:
        longest = max((rule.window_ms for rule in self.rules), default=0)
        kept = max(1, longest // self.tile_ms)

        def book() -> Book:
            windows = Windows(tile_ms=self.tile_ms, kept=kept)
            return Book(windows=windows, baseline=Baseline(tile_ms=self.tile_ms))

        return State(began_ms=now_ms, arrivals=book(), outcomes=book())

    def snapshot(self) -> bytes:
        """The state as it is now."""
        return msgspec.msgpack.encode(self.state)

    def observe(self, seen: Observation) -> list[Alert]:
        """Take in what a poll brought, and judge what it closes."""
        state = self.state
        book = state.arrivals if seen.stream is Stream.LOG else state.outcomes
        for (tile, entity), (whole, part) in seen.counts.items():
            book.windows.add(tile, entity, whole, part)
        self._move_on(seen)
        hits = [*self._close(state.arrivals, self._arrived_ms())]
        hits += self._close(state.outcomes, self._decided_ms())
        hits += self._late_decisions(seen)
        return [hit.alert() for hit in hits if state.episodes.begins(hit, _pause_ms(hit.rule))]

    def books(self) -> dict[str, Book]:
        """The windows by what they are over."""
        return {"arrivals": self.state.arrivals, "outcomes": self.state.outcomes}

    def lag(self, cell: int) -> Lag | None:
        """What of a cell waits for its decision."""
        return self.state.backlogs.setdefault(cell, Backlog()).lag()

    def position(self, cell: int) -> int:
        """The position of the log up to which everything has been watched, decisions too."""
        backlog = self.state.backlogs.setdefault(cell, Backlog())
        return backlog.settled if backlog.seconds else self.state.read_until.get(cell, NONE)

    def _move_on(self, seen: Observation) -> None:
        source, state = f"{seen.stream}/{seen.cell}", self.state
        if seen.newest_ms is not None:
            known = state.newest_ms.get(source, LONG_AGO)
            state.newest_ms[source] = max(known, seen.newest_ms)
        if seen.caught_up_ms is not None:
            state.idle_ms[source] = seen.caught_up_ms
        read_until = state.read_until.get(seen.cell, NONE)
        state.read_until[seen.cell] = max(read_until, seen.read_until)
        backlog = state.backlogs.setdefault(seen.cell, Backlog())
        for waiting in seen.waiting:
            backlog.arrive(waiting)
        backlog.settle(seen.settled)

    def _progress(self, stream: Stream, cell: int) -> tuple[int, int]:
        source = f"{stream}/{cell}"
        state = self.state
        return state.newest_ms.get(source, LONG_AGO), state.idle_ms.get(source, LONG_AGO)

    def _arrived_ms(self) -> int:
        return min(max(self._progress(Stream.LOG, cell)) for cell in self.cells) - LATENESS_MS

    def _decided_ms(self) -> int:
        return min(map(self._decided_of, self.cells)) - LATENESS_MS

    def _decided_of(self, cell: int) -> int:
        newest, idle = self._progress(Stream.DECISIONS, cell)
        lag = self.lag(cell)
        arrived = max(self._progress(Stream.LOG, cell))
        idle = min(idle, arrived, idle if lag is None else lag.oldest_ms)
        return min(max(newest, idle), max(self._progress(Stream.REJECTED, cell)))

    def _close(self, book: Book, watermark_ms: int) -> Iterator[Hit]:
        book.watermark_ms = max(book.watermark_ms, watermark_ms)
        is_arrivals = book is self.state.arrivals
        rules = [
            rule
            for rule in self.rules
            if rule.kind is not Kind.SCORING_LAG and (rule.kind in ARRIVAL_KINDS) is is_arrivals
        ]
        for tile in book.windows.close(book.watermark_ms):
            until_ms = (tile + 1) * self.tile_ms
            if until_ms > self.state.began_ms:
                for rule in rules:
                    if until_ms % rule.every_ms == 0:
                        yield from self._judge(book, rule, tile)
            if self._is_blind(book, tile):
                book.baseline.forget_lately()
            else:
                self._learn(book, tile)

    def _is_blind(self, book: Book, tile: int) -> bool:
        """An empty tile of our own downtime proves nothing: perhaps the whole stack was down."""
        return not book.windows.tiles.get(tile) and (tile + 1) * self.tile_ms <= self.resumed_ms

    def _learn(self, book: Book, tile: int) -> None:
        for entity in {*book.baseline.entities(), *book.windows.tiles.get(tile, {})}:
            book.baseline.learn(entity, tile, *book.windows.total(tile, 1, entity))

    def _judge(self, book: Book, rule: OperationRule, tile: int) -> Iterator[Hit]:
        count = rule.window_ms // self.tile_ms
        tiles = range(tile - count + 1, tile + 1)
        if any(self._is_blind(book, number) for number in tiles):
            return
        kind = ENTITY_KINDS.get(rule.kind, CHANNEL)
        known = {entity for number in tiles for entity in book.windows.tiles.get(number, {})}
        for entity in sorted(known.union(book.baseline.entities())):
            if f"\t{kind}\t" in entity:
                measured = self._measured(book, rule, tiles, entity)
                if is_hit(rule, measured):
                    until_ms = (tile + 1) * self.tile_ms
                    yield Hit(
                        rule=rule,
                        entity=entity,
                        measured=measured,
                        until_ms=until_ms,
                        since_ms=until_ms,
                    )

    def _measured(self, book: Book, rule: OperationRule, tiles: range, entity: str) -> Measured:
        whole, part = book.windows.total(tiles[-1], len(tiles), entity)
        expected = _expected(book.baseline, rule, tiles, entity)
        if expected is None:
            return Measured(whole=whole, part=part)
        return Measured(
            whole=whole,
            part=part,
            usual_whole=expected.whole,
            usual_part=expected.part,
            windows=expected.tiles / len(tiles),
        )

    def _late_decisions(self, seen: Observation) -> Iterator[Hit]:
        """Judge the lag where all decisions that there are have been read."""
        if seen.stream is not Stream.DECISIONS or seen.caught_up_ms is None:
            return
        lag = self.lag(seen.cell)
        _, rejected_ms = self._progress(Stream.REJECTED, seen.cell)
        if lag is None or rejected_ms < seen.caught_up_ms - LATENESS_MS:
            return
        measured = Measured(whole=lag.waiting, age_ms=seen.caught_up_ms - lag.oldest_ms)
        for rule in self.rules:
            if rule.kind is Kind.SCORING_LAG and is_hit(rule, measured):
                yield Hit(
                    rule=rule,
                    entity=self.scoring,
                    measured=measured,
                    until_ms=seen.caught_up_ms,
                    since_ms=lag.oldest_ms,
                )


def _expected(
    baseline: Baseline, rule: OperationRule, tiles: range, entity: str
) -> Expected | None:
    """What is usual; a ratio changes little from hour to hour, so lately stands in for the hour."""
    least = rule.history * len(tiles)
    found = baseline.expected(entity, tiles, rule.usual, least)
    if rule.kind in RATIO_KINDS and (found is None or found.tiles < least):
        return baseline.expected(entity, tiles, Usual.RECENT, least) or found
    return found


def _pause_ms(rule: OperationRule) -> int:
    return rule.window_ms or LAG_PAUSE_MS
