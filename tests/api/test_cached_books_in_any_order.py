"""Readers of balances and outcomes in any order: nobody sees less than was shown before."""

from collections.abc import Coroutine, Generator, Iterable
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import hypothesis.strategies as st
from hypothesis import given, settings

from api.cached_books import CachedBooks
from api.memory import MemoryBalances, MemoryBooks
from ledger.values import Outcome
from tests.api.counting import ACCOUNT, TENANT, Counter


class Turn:
    """Lets somebody else go on."""

    def __await__(self) -> Generator[None, None, None]:
        yield


class SlowBooks(MemoryBooks):
    """Time passes after each look into the books."""

    async def balances(self, tenant: str, account_id: str) -> Any:  # noqa: ANN401  (as its parent)
        found = await super().balances(tenant, account_id)
        await Turn()
        return found

    async def outcome(self, tenant: str, transaction_id: str) -> Outcome | None:
        found = await super().outcome(tenant, transaction_id)
        await Turn()
        return found


class SlowBalances(MemoryBalances):
    """Time passes after each step of the cache."""

    async def look(self, key: bytes, lease: bytes) -> bytes | None:
        found = await super().look(key, lease)
        await Turn()
        return found

    async def keep(self, key: bytes, lease: bytes, value: bytes) -> None:
        await super().keep(key, lease, value)
        await Turn()

    async def end(self, key: bytes) -> None:
        await super().end(key)
        await Turn()


@dataclass
class Street:
    """Readers `a` and `b`, and `s` who is shown an outcome, of two processes with one cache."""

    counter: Counter = field(default_factory=lambda: Counter(books=SlowBooks()))
    shown: int = 0
    running: dict[str, Coroutine[Any, Any, None]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        def seconds() -> float:
            return self.counter.seconds

        cache, metrics = SlowBalances(seconds), self.counter.metrics
        one, other = (CachedBooks(self.counter.books, cache, metrics, seconds) for _ in range(2))
        self.books = {"a": one, "b": other, "s": other}

    async def read(self, books: CachedBooks) -> None:
        at_least = self.shown
        (found,) = await books.balances(TENANT, ACCOUNT)
        assert found.balance.version >= at_least

    async def show(self, books: CachedBooks) -> None:
        found = await books.outcome(TENANT, "t")
        assert found is not None
        self.shown = max(self.shown, found.position)

    def go_on(self, who: str) -> None:
        """One step of somebody, who begins anew after the last."""
        if who == "book":
            self.counter.book()
        elif who == "later":
            self.counter.seconds += 2.5
        else:
            self._step(who)

    def _step(self, who: str) -> None:
        if who not in self.running:
            begin = self.show if who == "s" else self.read
            self.running[who] = begin(self.books[who])
        try:
            self.running[who].send(None)
        except StopIteration:
            del self.running[who]

    def play(self, steps: Iterable[str]) -> None:
        """All steps; then everybody finishes, and one more reads."""
        for who in steps:
            self.go_on(who)
        while self.running:
            self._step(next(iter(self.running)))
        self._step("a")
        while self.running:
            self._step("a")


def test_one_reader_one_booking_and_one_who_is_shown_it_in_every_order() -> None:
    # Places of the booking and of the steps of `s` among those of `a`: every order once.
    for others in combinations(range(7), 3):
        steps = ["s" if place in others else "a" for place in range(7)]
        for book in range(8):
            Street().play([*steps[:book], "book", *steps[book:]])


STEPS = ["a"] * 4 + ["b"] * 4 + ["s"] * 4 + ["book"] * 2 + ["later"]


@settings(max_examples=500, deadline=None)
@given(st.permutations(STEPS))
def test_more_readers_in_any_order_while_time_passes(steps: list[str]) -> None:
    Street().play(steps)
