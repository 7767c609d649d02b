"""Runs inside supervisord: counts restarts, and keeps the pause between them bounded.

Supervisord waits a second longer after each failed start; for ever is what we want, but never
longer than `PAUSE_SECONDS_MAX`. Loaded as an RPC interface, its way of extension.
"""

from collections import Counter
from time import time  # noqa: TID251  (supervisord's own clock, in its own process)
from typing import Any

from supervisor import events

PAUSE_SECONDS_MAX = 10


class Restarts:
    """Answers to `watchkeeper.counts`."""

    def __init__(self) -> None:
        """Listen to each start and each failed start."""
        self.starts: Counter[str] = Counter()
        events.subscribe(events.ProcessStateStartingEvent, self._count)
        events.subscribe(events.ProcessStateBackoffEvent, self._bound)

    def counts(self) -> dict[str, int]:
        """How often each process was started since supervisord was."""
        return dict(self.starts)

    def _count(self, event: Any) -> None:  # noqa: ANN401  (supervisor has no types)
        self.starts[event.process.config.name] += 1

    def _bound(self, event: Any) -> None:  # noqa: ANN401  (supervisor has no types)
        process = event.process
        process.backoff = min(process.backoff, PAUSE_SECONDS_MAX)
        process.delay = min(process.delay, time() + PAUSE_SECONDS_MAX)


def make(_supervisord: object) -> Restarts:
    """What the configuration names."""
    return Restarts()
