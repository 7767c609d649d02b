"""The ends of holds on their way into the books."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

from confluent_kafka import Consumer

from data_contracts.dead_letter import DeadLetter
from data_contracts.outcome import OutcomeStatus
from data_contracts.violation import ContractViolation
from dataflows.posting import metrics
from dataflows.posting.messages import Request, dead_letter, read_resolutions, send_letters
from dataflows.posting.progress import Progress
from dataflows.posting.surroundings import Surroundings, Topics
from dataflows.posting.upkeep import Upkeep
from ledger.page import event_of
from ledger.ports import Books
from ledger.values import Effects, Resolutions
from runtime.consumer import consume
from runtime.kafka import Batch, Outbox, end_offset

PARTITION = 0

Statuses = Mapping[bytes, OutcomeStatus]


@dataclass(frozen=True, slots=True)
class Resolver:
    """Ends holds; the same batch twice ends them once."""

    books: Books
    outbox: Outbox
    topics: Topics
    settled: Callable[[Effects], None] = metrics.count

    def unknown(self, requests: Sequence[Request]) -> bool:
        """Whether one of them is about an event that the books do not know (yet)."""
        events = {event_of(request.resolution) for request in requests}
        return len(self.books.statuses(events)) < len(events)

    def resolve(self, batch: Batch, now: datetime) -> None:
        """End what is held, put the rest aside; either way the watermark moves on."""
        parsed = read_resolutions(batch)
        statuses = self.books.statuses({event_of(each.resolution) for each in parsed.values})
        refused = [
            letter
            for request in parsed.values
            if (letter := _refusal(batch, request, statuses)) is not None
        ]
        if parsed.letters or refused:
            send_letters([*parsed.letters, *refused], self.outbox, self.topics.rejected)
        held = [
            request.resolution
            for request in parsed.values
            if statuses.get(event_of(request.resolution)) is OutcomeStatus.HELD
        ]
        self.settled(
            self.books.resolve(
                Resolutions(
                    topic=batch.topic,
                    partition=batch.partition,
                    next_offset=batch.next_offset,
                    resolutions=held,
                    booked_at=now,
                )
            )
        )


def _refusal(batch: Batch, request: Request, statuses: Statuses) -> DeadLetter | None:
    status = statuses.get(event_of(request.resolution))
    if status is OutcomeStatus.HELD:
        return None
    detail = f"it is {status}, not held" if status else "the books do not know the event"
    return dead_letter(
        batch, request.message, ContractViolation("nothing-held", "/event_id", detail)
    )


def end_holds(around: Surroundings, progress: Progress, cells: range) -> None:
    """End holds until stopped.

    A resolution may be here before the decision that it is about is booked: it waits until all
    decisions that were in the log when it came are in the books.
    """
    resolutions = around.topics.resolutions
    with closing(around.books("holds")) as books:
        mark = around.watermark(books, resolutions, PARTITION)
        resolver = Resolver(books, around.outbox(), around.topics, around.settled)
        reader = around.reader(resolutions, PARTITION, mark)
        upkeep = Upkeep(books, around.hold_limit, settled=around.settled)

        def handle(batch: Batch) -> None:
            around.patiently(lambda: upkeep.tick(around.now(), around.clock()))
            if not batch.messages:
                return
            requests = read_resolutions(batch).values
            if around.patiently(lambda: resolver.unknown(requests)):
                _wait_for_decisions(around, progress, _ends(around, reader.consumer, cells))
            if not around.stopped.is_set():
                around.patiently(lambda: resolver.resolve(batch, around.now()))

        consume(reader, handle, around.stopped)


def _ends(around: Surroundings, consumer: Consumer, cells: range) -> dict[int, int]:
    topic = around.topics.decisions.name
    return {cell: end_offset(consumer, topic, cell) for cell in cells}


def _wait_for_decisions(around: Surroundings, progress: Progress, ends: dict[int, int]) -> None:
    while not (around.stopped.is_set() or progress.wait_for(ends)):
        pass
