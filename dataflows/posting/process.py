"""Posting as a process: a loop for each cell's decisions, and one for the ends of holds."""

import gc
from collections.abc import Callable
from functools import partial

from dataflows.posting.decisions import post_cell
from dataflows.posting.progress import Progress
from dataflows.posting.resolutions import end_holds
from dataflows.posting.surroundings import Surroundings
from runtime.consumer import run_together
from runtime.postgres import Unreachable

# A batch makes tens of thousands of values that die with it and hold no cycles.
COLLECT_AFTER = (100_000, 50, 100)


def collect_rarely() -> None:
    """Let Python's collector look at what there is no more, and seldom at what comes."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


def run(around: Surroundings, cells: int) -> None:
    """Book everything until stopped; what fails ends all loops, a restart goes on behind."""
    progress = Progress()
    loops = [partial(post_cell, around, progress, cell) for cell in range(cells)]
    loops.append(partial(end_holds, around, progress, range(cells)))
    run_together([partial(_until_stopped, around, loop) for loop in loops], around.stopped)


def _until_stopped(around: Surroundings, loop: Callable[[], None]) -> None:
    try:
        loop()
    except Unreachable:
        # Asked to stop while waiting for Postgres: what was not booked is read again.
        if not around.stopped.is_set():
            raise
