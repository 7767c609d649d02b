"""What a writer still knows from its last batches, so that it need not look it up again.

It may be stale: a balance is moved only where it is still what it was computed from, else the
batch is done again without it. An account with a bound is never remembered, because a refusal
moves nothing and so would never be found out.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import NamedTuple

from ledger.values import Balance, BookKey

BALANCES_MAX = 200_000


class Kept(NamedTuple):
    """The number of an unbounded account, and what it had in one currency."""

    account: int
    balance: Balance


@dataclass(slots=True)
class Remembered:
    """The balances that were used last, at most `BALANCES_MAX`; writers of a process share it.

    `bounds` counts the changes of accounts' bounds: with each of them everything is forgotten.
    """

    bounds: int = -1
    recent: dict[BookKey, Kept] = field(default_factory=dict)
    former: dict[BookKey, Kept] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def begin(self, bounds: int) -> None:
        """A batch begins that sees so many changes of bounds."""
        with self.lock:
            if bounds > self.bounds:
                self.bounds, self.recent, self.former = bounds, {}, {}

    def recall(self, wanted: Iterable[BookKey]) -> dict[BookKey, Kept]:
        """Those that are known."""
        recent, former = self.recent, self.former
        found = {key: recent.get(key) or former.get(key) for key in wanted}
        return {key: kept for key, kept in found.items() if kept is not None}

    def keep(self, bounds: int, balances: Mapping[BookKey, Kept]) -> None:
        """Remember what a batch has left, unless a bound has changed since it began."""
        with self.lock:
            if bounds != self.bounds:
                return
            self.recent.update(balances)
            if len(self.recent) > BALANCES_MAX // 2:
                self.former, self.recent = self.recent, {}

    def forget(self, keys: Iterable[BookKey]) -> None:
        """Look these up again."""
        with self.lock:
            for key in keys:
                self.recent.pop(key, None)
                self.former.pop(key, None)
