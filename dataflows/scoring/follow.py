"""`python -m dataflows.scoring.follow`: fill new features beside the process that scores.

It gets its order as the first line of its input, then lines with positions up to which to follow;
it says how far it is, and after each such line where it stands with all it knows in its file. It
takes no more of a processor than it was given and nobody else wants, and ends with its input.
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

from dataflows.scoring.following import Follower, Order, load
from dataflows.scoring.history import History

NICE = 19
TELL_EVERY_SECONDS = 0.5


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


def follow(follower: Follower, history: History, until: int, pace: Pace) -> None:
    """Follow up to a position, telling of it now and then."""
    told_at = monotonic()
    for position in follower.follow(history, until):
        pace.keep()
        if monotonic() - told_at > TELL_EVERY_SECONDS:
            told_at = monotonic()
            tell(Told(position=position, until=until))


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
    known, pace = load(order.file), Pace(order.share)
    follower, saved_at = Follower(order.task, known), -2
    history = History(order.place, follower.fields)
    for until in wishes():
        if follower.position > until:  # What was kept goes further than the flow: begin anew.
            history.close()
            follower = Follower(order.task)
            history = History(order.place, follower.fields)
        follow(follower, history, until, pace)
        if follower.position != saved_at:
            follower.save(order.file)
            saved_at = follower.position
        tell(Told(position=follower.position, until=until, is_saved=True))


if __name__ == "__main__":
    main()
