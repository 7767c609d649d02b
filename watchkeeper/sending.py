"""Sending batches: at the moments that a clock alone gives, or as fast as answers come."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, TypeVar

from watchkeeper.client import Client, ItemResult
from watchkeeper.errors import Failure

WAITING_MAX = 2_000
REASONS_MAX = 20
ACCEPTED, DUPLICATE = "accepted", "duplicate"

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Batch:
    """A request body, how many transactions are in it, and when it is due (seconds of the run)."""

    body: bytes
    count: int
    due: float = 0.0


@dataclass(frozen=True, slots=True)
class Answered:
    """A batch's answer: when the batch was due (seconds of the run), and how much later it came."""

    due: float
    seconds: float


@dataclass(slots=True)
class Tally:
    """What has been sent and answered so far."""

    started: float = 0.0
    sent: int = 0
    answered: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    answers: list[Answered] = field(default_factory=list)
    own_delay: float = 0.0
    retries: Counter[str] = field(default_factory=Counter)

    @property
    def accepted(self) -> int:
        """How many transactions were new to the API."""
        return self.answered[ACCEPTED]

    @property
    def duplicates(self) -> int:
        """How many it had already; a retry makes them too."""
        return self.answered[DUPLICATE]

    @property
    def errors(self) -> int:
        """How many it did not take."""
        return self.answered.total() - self.accepted - self.duplicates

    def note(self, results: Sequence[ItemResult], due: float) -> None:
        """Add a batch's answer, which came just now."""
        self.answered.update(item.status for item in results)
        self.answers.append(Answered(due, perf_counter() - self.started - due))
        for item in results:
            if item.status not in {ACCEPTED, DUPLICATE}:
                self._explain(item)

    def _explain(self, item: ItemResult) -> None:
        field_name = item.pointer.rpartition("/")[2]
        reason = f"{field_name}: {item.detail or item.code or item.status}".removeprefix(": ")
        if reason in self.reasons or len(self.reasons) < REASONS_MAX:
            self.reasons[reason] += 1


async def send_on_time(client: Client, batches: AsyncIterator[Batch], tally: Tally) -> None:
    """Open loop: a batch leaves when it is due, whatever became of those before it.

    Latency counts from that moment, so a stall shows in all the batches that it held up. At most
    `WAITING_MAX` batches wait for an answer; then the clock waits too, and `own_delay` says so.
    """
    places = asyncio.Semaphore(WAITING_MAX)
    upcoming = await anext(batches, None)  # Made before the clock starts.
    tally.started = perf_counter()

    async def send(batch: Batch) -> None:
        try:
            results = await client.send(batch.body)
        finally:
            places.release()
        tally.note(results, batch.due)
        tally.retries = client.retries

    async with asyncio.TaskGroup() as tasks:
        while (batch := upcoming) is not None:
            wait = batch.due - (perf_counter() - tally.started)
            if wait > 0:
                await asyncio.sleep(wait)
            await places.acquire()
            tally.own_delay = max(tally.own_delay, perf_counter() - tally.started - batch.due)
            tally.sent += batch.count
            tasks.create_task(send(batch))
            upcoming = await anext(batches, None)


async def send_in_turn(
    client: Client, batches: AsyncIterator[Batch], tally: Tally, in_flight: int
) -> None:
    """Closed loop: `in_flight` requests at a time, the next one as soon as one is answered."""
    tally.started = perf_counter()
    lock = asyncio.Lock()

    async def next_batch() -> Batch | None:
        async with lock:
            return await anext(batches, None)

    async def work() -> None:
        while (batch := await next_batch()) is not None:
            begun = perf_counter() - tally.started
            tally.sent += batch.count
            tally.note(await client.send(batch.body), begun)
            tally.retries = client.retries

    async with asyncio.TaskGroup() as tasks:
        for _ in range(in_flight):
            tasks.create_task(work())


async def made_ahead(items: Iterable[Item]) -> AsyncIterator[Item]:
    """The items, the next one made in a thread while the one before it is being sent."""
    iterator = ((item,) for item in items)

    def upcoming() -> asyncio.Task[tuple[Item] | None]:
        return asyncio.create_task(asyncio.to_thread(next, iterator, None))

    following = upcoming()
    try:
        while (made := await following) is not None:
            following = upcoming()
            yield made[0]
    finally:
        following.cancel()


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run the work; of several failures that a group of tasks ran into, raise the first."""
    try:
        asyncio.run(work)
    except* Failure as group:
        failures = [error for error in _leaves(group) if isinstance(error, Failure)]
        raise failures[0] from None


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error
