from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Event
from typing import Any

import pytest

from runtime.kafka import Batch
from runtime.pace import Pace


@dataclass
class Tape:
    """Batches of so many messages, one after the other, and the time that passes meanwhile."""

    counts: Sequence[int]
    at: Sequence[float]
    asked: list[tuple[int, float]] = field(default_factory=list)
    now: float = 0.0

    def poll(self, size: int, seconds: float) -> Batch:
        number = len(self.asked)
        self.asked.append((size, seconds))
        self.now = self.at[number]
        messages: list[Any] = list(range(self.counts[number]))
        return Batch("topic", 0, sum(self.counts[: number + 1]), messages, is_caught_up=True)

    def pace(self, size: int = 10, seconds: float = 0.01) -> Pace:
        return Pace(self.poll, Event(), lambda: self.now, size, seconds)


def test_after_a_quiet_time_nothing_waits() -> None:
    tape = Tape(counts=[1, 1], at=[5.0, 6.0])
    pace = tape.pace()

    assert [len(pace.next_batch().messages) for _ in range(2)] == [1, 1]
    assert len(tape.asked) == 2


def test_looking_in_vain_is_a_quiet_time_too() -> None:
    tape = Tape(counts=[0, 1], at=[5.0, 5.001])
    pace = tape.pace()
    pace.next_batch()

    assert len(pace.next_batch().messages) == 1
    assert len(tape.asked) == 2


def test_under_load_a_batch_waits_for_company() -> None:
    tape = Tape(counts=[3, 2, 4], at=[5.0, 5.001, 5.01])
    pace = tape.pace()
    pace.next_batch()
    batch = pace.next_batch()

    assert len(batch.messages) == 6
    assert batch.next_offset == 9
    assert tape.asked[2] == (8, 0.0)


@pytest.mark.parametrize("count", [0, 10])
def test_what_is_full_or_empty_does_not_wait(count: int) -> None:
    tape = Tape(counts=[1, count], at=[5.0, 5.001])
    pace = tape.pace()
    pace.next_batch()

    assert len(pace.next_batch().messages) == count
    assert len(tape.asked) == 2


def test_the_wish_to_stop_ends_the_wait() -> None:
    tape = Tape(counts=[1, 1, 1], at=[5.0, 5.001, 5.002])
    pace = tape.pace(seconds=1e6)
    pace.next_batch()
    pace.stopped.set()

    assert len(pace.next_batch().messages) == 2
