"""Waiting for what another process does: a condition that is asked again, with a deadline."""

import threading
import time
from collections.abc import Callable

SECONDS_MAX = 120.0
EVERY_SECONDS = 0.02


def until(holds: Callable[[], bool], what: str, seconds: float = SECONDS_MAX) -> None:
    """Return once the condition holds; fail with `what` where it does not in time."""
    pause, ends_at = threading.Event(), time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends_at, f"after {seconds:g} s it still does not hold that {what}"
        pause.wait(EVERY_SECONDS)
