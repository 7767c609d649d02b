"""The decisions of one cell on their way into the books."""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

from dataflows.posting import metrics
from dataflows.posting.conflicts import send_alerts
from dataflows.posting.messages import Parsed, read_decisions, send_letters
from dataflows.posting.progress import Progress
from dataflows.posting.surroundings import Surroundings, Topics, waiting
from ledger.ports import Books
from ledger.values import Arrival, Conflict, Effects, Postings
from runtime.kafka import Batch, Outbox
from runtime.pace import Pace


@dataclass(frozen=True, slots=True)
class Poster:
    """Books batches; the same batch twice is booked once."""

    books: Books
    outbox: Outbox
    topics: Topics
    settled: Callable[[Effects], None] = metrics.count

    def post(self, batch: Batch, parsed: Parsed[Arrival], now: datetime) -> None:
        """Book what could be read, put the rest aside; either way the watermark moves on."""
        if parsed.letters:
            send_letters(parsed.letters, self.outbox, self.topics.rejected)
        postings = Postings(
            topic=batch.topic,
            partition=batch.partition,
            next_offset=batch.next_offset,
            arrivals=parsed.values,
            booked_at=now,
        )
        self.settled(self.books.post(postings, self._raise))
        if parsed.values:
            position = parsed.values[-1].movement.position
            metrics.POSITION.labels(str(batch.partition)).set(position)

    def _raise(self, conflicts: Sequence[Conflict]) -> None:
        send_alerts(conflicts, self.outbox, self.topics.alerts)


def post_cell(around: Surroundings, progress: Progress, cell: int) -> None:
    """Book a cell's decisions until stopped."""
    decisions = around.topics.decisions
    with closing(around.books(f"cell-{cell}")) as books:
        mark = around.watermark(books, decisions, cell)
        progress.reach(cell, mark.next_offset)
        poster = Poster(books, around.outbox(), around.topics, around.settled)
        with closing(around.reader(decisions, cell, mark)) as reader:
            pace = Pace(reader.poll, around.stopped, around.clock)
            while not around.stopped.is_set():
                batch = pace.next_batch()
                _step(around, poster, batch)
                progress.reach(cell, batch.next_offset)
                metrics.LAG.labels(str(cell)).set(waiting(reader, batch))


def _step(around: Surroundings, poster: Poster, batch: Batch) -> None:
    if batch.messages:
        parsed = read_decisions(batch)
        metrics.BATCH_ROWS.observe(len(batch.messages))
        with metrics.BATCH_SECONDS.time():
            around.patiently(lambda: poster.post(batch, parsed, around.now()))
