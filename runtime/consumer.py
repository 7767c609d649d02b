"""The loop of every plain consumer: read a batch, hand it on, until told to stop."""

import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from types import FrameType

from runtime.kafka import BATCH_MAX, Batch, Reader

WAIT_SECONDS = 0.25


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
    size: int = BATCH_MAX,
    wait_seconds: float = WAIT_SECONDS,
) -> None:
    """Call `handle` with each batch, empty ones too (a tick), in order; it must be idempotent.

    `handle` applies the batch and stores its watermark in one transaction of its own store; what
    it raises ends the loop, and a restart begins again behind the stored watermark.
    """
    try:
        while not stopped.is_set():
            handle(reader.poll(size, wait_seconds))
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
