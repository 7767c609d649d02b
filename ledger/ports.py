"""What a store of the books must do; `memory.py` and `postgres.py` are the two that do it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Protocol

from data_contracts.outcome import OutcomeStatus
from ledger.values import Conflict, Effects, Expiry, Postings, Resolutions, Watermark

RaiseConflicts = Callable[[Sequence[Conflict]], None]


class Books(Protocol):
    """The books: each call happens as a whole or not at all, and twice is the same as once."""

    def watermark(self, topic: str, partition: int) -> Watermark:
        """How far a partition has been applied."""
        ...

    def post(self, postings: Postings, raise_conflicts: RaiseConflicts) -> Effects:
        """Settle what stands above the watermark, and move the watermark with it.

        `raise_conflicts` is called with what was found before anything becomes lasting; it may
        be called again with the same after a failure.
        """
        ...

    def statuses(self, events: Collection[bytes]) -> Mapping[bytes, OutcomeStatus]:
        """The outcomes of those of the events that have one."""
        ...

    def resolve(self, resolutions: Resolutions) -> Effects:
        """End holds, each by its first resolution; every event must have been held."""
        ...

    def expire(self, expiry: Expiry) -> Effects:
        """End what has been held for too long, some of it if it is much; none left: no effect."""
        ...
