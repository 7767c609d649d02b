"""Windows against a naive recount: what closed stays closed, what came late is counted aside."""

from dataclasses import dataclass, field

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from dataflows.operations.windows import GAP_MS_MAX, Windows

TILE_MS = 10_000
KEPT = 4
ENTITIES = ("card", "online")


@dataclass(frozen=True, slots=True)
class Event:
    """Something at a time, or (`entity` is empty) only a watermark that moves on."""

    at_ms: int
    entity: str
    is_part: bool


events = st.lists(
    st.builds(
        Event,
        st.integers(0, 60 * TILE_MS),
        st.sampled_from([*ENTITIES, ""]),
        st.booleans(),
    ),
    max_size=60,
)


@dataclass(slots=True)
class Recount:
    """Every event is kept; a window is counted from all of them, by definition."""

    on_time: list[Event] = field(default_factory=list)
    late: int = 0
    open_from: int | None = None

    def add(self, event: Event) -> None:
        number = event.at_ms // TILE_MS
        if self.open_from is None:
            self.open_from = number - 1
        if number < self.open_from:
            self.late += 1
        else:
            self.on_time.append(event)

    def window(self, newest: int, count: int, entity: str) -> list[int]:
        start, end = (newest - count + 1) * TILE_MS, (newest + 1) * TILE_MS
        found = [e for e in self.on_time if e.entity == entity and start <= e.at_ms < end]
        return [len(found), sum(event.is_part for event in found)]


def restored(windows: Windows) -> Windows:
    return msgspec.msgpack.decode(msgspec.msgpack.encode(windows), type=Windows)


@given(events, st.sets(st.integers(0, 60)), st.integers(1, KEPT))
def test_windows_equal_the_recount_with_late_events_and_restores(
    history: list[Event], restores: set[int], count: int
) -> None:
    windows, recount = Windows(tile_ms=TILE_MS, kept=KEPT), Recount()
    watermark, closed = 0, []
    for index, event in enumerate(history):
        if index in restores:
            windows = restored(windows)
        if event.entity:
            windows.add(event.at_ms // TILE_MS, event.entity, 1, int(event.is_part))
            recount.add(event)
        else:
            watermark = max(watermark, event.at_ms)
        for tile in windows.close(watermark):
            closed.append(tile)
            recount.open_from = tile + 1
            for entity in ENTITIES:
                assert windows.total(tile, count, entity) == recount.window(tile, count, entity)
    assert windows.late == recount.late
    assert closed == list(range(closed[0], closed[-1] + 1)) if closed else True
    assert all((tile + 1) * TILE_MS <= watermark for tile in closed)


@given(events)
def test_no_more_is_kept_than_the_longest_window_needs(history: list[Event]) -> None:
    windows = Windows(tile_ms=TILE_MS, kept=KEPT)
    for event in history:
        windows.add(event.at_ms // TILE_MS, event.entity, 1, 0)
        for _ in windows.close(event.at_ms):
            pass
    if windows.open_from is not None:
        assert all(number > windows.open_from - KEPT for number in windows.tiles)


def test_a_jump_of_more_than_a_month_begins_anew() -> None:
    windows = Windows(tile_ms=TILE_MS, kept=KEPT)
    windows.add(5, "card", 1, 0)
    closed = list(windows.close(GAP_MS_MAX * 3))
    assert len(closed) == KEPT
    assert windows.tiles == {}


def test_before_the_first_event_nothing_closes() -> None:
    assert list(Windows(tile_ms=TILE_MS, kept=KEPT).close(10**12)) == []
