"""`python -m dataflows.scoring.follow`: fill new features beside the process that scores.

It gets its order as the first line of its input, then lines with positions up to which to follow;
it says how far it is, and after each such line where it stands with all it knows in its file. It
takes no more of a processor than it was given, lets others go first, and ends with its input.
"""

import gc
import os
import queue
import sys
import threading
from collections.abc import Iterator
from time import monotonic, process_time

import msgspec
import pyarrow as pa

from dataflows.scoring.following import Followed, Follower, Order, load
from dataflows.scoring.history import History

NICE = 10  # A tenth of a processor that somebody else wants all of: slow, but it gets there.
TELL_EVERY_SECONDS = 0.5
SAVE_EVERY_SECONDS = 120.0  # As much is done again after a crash.


class Told(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A line of its output; `is_saved` says that the file holds what is known there."""

    position: int
    until: int
    is_saved: bool = False


class Pace:
    """Rests as long as it takes to keep to a share of one processor."""

    def __init__(self, share: float) -> None:
        """Begin to count."""
        self.rest_for_work = 1 / share - 1
        self.worked = process_time()
        self.pause = threading.Event()

    def keep(self) -> None:
        """Rest for what was worked since the last time."""
        worked = process_time() - self.worked
        self.pause.wait(worked * self.rest_for_work)
        self.worked = process_time()


def tell(told: Told) -> None:
    """Say where we are."""
    print(msgspec.json.encode(told).decode(), flush=True)  # noqa: T201  (it is read by the parent)


class Work:
    """One order on its way."""

    def __init__(self, order: Order) -> None:
        """Go on from what an earlier process kept."""
        self.order, self.pace = order, Pace(order.share)
        self.is_ahead_allowed = True
        self._begin(load(order.file))
        self.saved = self.follower.position
        self.saved_at = self.told_at = monotonic()

    def _begin(self, known: Followed | None) -> None:
        self.follower = Follower(self.order.task, known)
        self.history = History(self.order.place, self.follower.fields)

    def fulfil(self, until: int) -> None:
        """Follow up to a position, and keep what is known there.

        What was kept may be ahead: after a crash the flow will be there soon, and that is offered
        once. Asked again, we begin anew: a record lies between.
        """
        if self.follower.position > until and not self.is_ahead_allowed:
            self.history.close()
            self._begin(None)
        self.is_ahead_allowed = False
        for position in self.follower.follow(self.history, until):
            self.pace.keep()
            self._tell_and_keep(position, until)
        self._keep()
        tell(Told(position=self.follower.position, until=until, is_saved=True))

    def _tell_and_keep(self, position: int, until: int) -> None:
        if monotonic() - self.told_at > TELL_EVERY_SECONDS:
            self.told_at = monotonic()
            tell(Told(position=position, until=until))
        if monotonic() - self.saved_at > SAVE_EVERY_SECONDS:
            self._keep()

    def _keep(self) -> None:
        if self.follower.position != self.saved:
            self.follower.save(self.order.file)
            self.saved = self.follower.position
        self.saved_at = monotonic()


def wishes() -> Iterator[int]:
    """The positions up to which to follow; the process ends at once when nobody is left to ask."""
    asked: queue.SimpleQueue[int] = queue.SimpleQueue()

    def listen() -> None:
        for line in sys.stdin:
            asked.put(int(line))
        os._exit(0)

    threading.Thread(target=listen, daemon=True).start()
    while True:
        yield asked.get()


def main() -> None:
    """Work until the input ends."""
    os.nice(NICE)
    pa.set_cpu_count(1)
    gc.set_threshold(50_000, 50, 100)  # What is made here dies with its batch.
    line = sys.stdin.readline()
    if not line:  # The parent was gone before it had asked for anything.
        return
    order = msgspec.json.decode(line, type=Order)
    order.file.parent.mkdir(parents=True, exist_ok=True)
    work = Work(order)
    for until in wishes():
        work.fulfil(until)


if __name__ == "__main__":
    main()
