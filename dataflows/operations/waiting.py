"""What of the log waits for a decision: by second of arrival, above the settled position."""

from typing import NamedTuple

import msgspec

from dataflows.operations.observations import NONE, Waiting

SECONDS_MAX = 3_600  # Beyond, what arrives joins the newest second: the count stays right.


class Lag(NamedTuple):
    """How many wait, and since when the oldest of them."""

    waiting: int
    oldest_ms: int


class Backlog(msgspec.Struct, kw_only=True):
    """The undecided part of one cell's log; `seconds` are [first_ms, last_position, count]."""

    settled: int = NONE
    seconds: list[list[int]] = []

    def arrive(self, waiting: Waiting) -> None:
        """Take in what the log brought, unless it is settled already."""
        if waiting.last_position <= self.settled:
            return
        newest = self.seconds[-1] if self.seconds else None
        joins = newest is not None and waiting.first_ms // 1_000 <= newest[0] // 1_000
        if newest is not None and (joins or len(self.seconds) >= SECONDS_MAX):
            newest[1] = max(newest[1], waiting.last_position)
            newest[2] += waiting.count
        else:
            self.seconds.append([waiting.first_ms, waiting.last_position, waiting.count])

    def settle(self, position: int) -> None:
        """Everything up to the position has its decision or its dead letter."""
        self.settled = max(self.settled, position)
        kept = next(
            (index for index, second in enumerate(self.seconds) if second[1] > self.settled),
            len(self.seconds),
        )
        del self.seconds[:kept]

    def lag(self) -> Lag | None:
        """What waits; a second that is decided in part counts whole."""
        if not self.seconds:
            return None
        return Lag(sum(second[2] for second in self.seconds), self.seconds[0][0])
