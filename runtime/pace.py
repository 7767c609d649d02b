"""How large a batch gets: under load it waits for company, in a quiet hour nothing waits."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import Event

from runtime.kafka import BATCH_MAX, Batch

WAIT_SECONDS = 0.25
INTERVAL_SECONDS = 0.2


@dataclass(slots=True)
class Pace:
    """At most one batch per `seconds`, unless it is full; `clock` only has to go forward.

    A batch costs about 3 ms of two processors whatever is in it: without a pace, a thousand
    transactions a second would come in hundreds of batches and take half a core for nothing.
    """

    poll: Callable[[int, float], Batch]
    stopped: Event
    clock: Callable[[], float]
    size: int = BATCH_MAX
    seconds: float = INTERVAL_SECONDS
    begun: float = float("-inf")

    def next_batch(self) -> Batch:
        """What there is; empty after `WAIT_SECONDS` of nothing."""
        batch = self.poll(self.size, WAIT_SECONDS)
        left = self.begun + self.seconds - self.clock()
        if 0 < len(batch.messages) < self.size and left > 0:
            self.stopped.wait(left)
            more = self.poll(self.size - len(batch.messages), 0.0)
            batch = replace(more, messages=[*batch.messages, *more.messages])
        if batch.messages:
            self.begun = self.clock()
        return batch
