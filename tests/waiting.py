"""Waiting for what another process does: a condition that is asked again, with a deadline."""

import threading
from collections.abc import Callable

SECONDS_MAX = 60.0
EVERY_SECONDS = 0.02


def until(holds: Callable[[], bool], what: str, seconds: float = SECONDS_MAX) -> None:
    """Return once the condition holds; fail with `what` where it does not in time."""
    pause = threading.Event()
    for _ in range(int(seconds / EVERY_SECONDS)):
        if holds():
            return
        pause.wait(EVERY_SECONDS)
    raise AssertionError(f"after {seconds:g} s it still does not hold that {what}")
