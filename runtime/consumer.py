"""The loop of every plain consumer: read a batch, hand it on, until told to stop."""

import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from time import monotonic
from types import FrameType

from runtime.kafka import BATCH_MAX, Batch, Reader
from runtime.pace import Pace


def stop_on_signals() -> threading.Event:
    """An event that SIGTERM and SIGINT set."""
    stopped = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopped.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    return stopped


def consume(
    reader: Reader,
    handle: Callable[[Batch], None],
    stopped: threading.Event,
    pace_seconds: float = 0.0,
) -> None:
    """Call `handle` with each batch, empty ones too (a tick), in order; it must be idempotent.

    Under load a batch comes every `pace_seconds`, or when it is full; in a quiet hour at once.

    `handle` applies the batch and stores its watermark in one transaction of its own store; what
    it raises ends the loop, and a restart begins again behind the stored watermark.
    """
    pace = Pace(reader.poll, stopped, monotonic, BATCH_MAX, pace_seconds)
    try:
        while not stopped.is_set():
            handle(pace.next_batch())
    finally:
        reader.close()


def run_together(loops: Sequence[Callable[[], None]], stopped: threading.Event) -> None:
    """Run loops in threads of their own until all have ended; one that fails stops the others.

    The first failure is raised.
    """
    with ThreadPoolExecutor(len(loops)) as threads:
        running = [threads.submit(loop) for loop in loops]
        wait(running, return_when=FIRST_EXCEPTION)
        if any(loop.done() and loop.exception() for loop in running):
            stopped.set()
    for loop in running:
        loop.result()
