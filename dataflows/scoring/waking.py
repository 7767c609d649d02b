"""Waking: when a step of the engine is called though nothing has come to it."""

from datetime import datetime, timedelta

from dataflows.connectors import Clock

EVERY = timedelta(milliseconds=200)


class Waking:
    """The next time, which must not be worked out anew before it has passed."""

    def __init__(self, clock: Clock) -> None:
        """Not wanted yet."""
        self.clock = clock
        self.due_at: datetime | None = None

    def next(self, *, wanted: bool) -> datetime | None:
        """When to wake, if it is wanted at all."""
        if not wanted:
            self.due_at = None
        elif self.due_at is None:
            self.due_at = self.clock() + EVERY
        return self.due_at

    def awake(self) -> None:
        """It has passed."""
        self.due_at = None
