"""Alerting as a process: a loop, a connection and a watermark for each partition that it reads."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from casework.ports import Casebook, Filing
from casework.postgres import PostgresCasebook
from data_contracts.topics import ALERTS, DECISIONS, REJECTED, TRANSACTIONS, Topic
from dataflows.alerting import filings, metrics
from dataflows.alerting.messages import Messages
from dataflows.alerting.rule_sets import Progress, RuleSets
from runtime.consumer import consume, run_together
from runtime.kafka import UNHURRIED, Batch, Reader
from runtime.postgres import connect
from runtime.settings import Settings

GROUP = "alerting"
PACE_SECONDS = 0.25
SAVE_EVERY = 10_000
"""How many transactions may be read again after a restart, to find the control records."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Topics:
    """Where everything comes from."""

    log: Topic = TRANSACTIONS
    decisions: Topic = DECISIONS
    rejected: Topic = REJECTED
    operations: Topic = ALERTS


@dataclass(slots=True)
class Source:
    """One partition on its way into the casework."""

    casebook: Casebook
    topic: Topic
    partition: int
    position: int = field(init=False)
    next_offset: int = field(init=False)

    def __post_init__(self) -> None:
        """Begin behind the watermark."""
        before = self.casebook.watermark(self.topic.name, self.partition)
        self.position = before.position if before else -1
        self.next_offset = before.next_offset if before else 0

    def store(self, filing: Filing) -> None:
        """File a batch, and remember how far it went."""
        with metrics.FILE_SECONDS.time():
            is_new = self.casebook.file(filing)
        self.position = max(self.position, filing.reached.position)
        self.next_offset = filing.reached.next_offset
        if is_new:
            metrics.count(filing)


@dataclass(slots=True)
class Alerting:
    """All loops of the process; what one batch is turned into stands in `filings`."""

    settings: Settings
    topics: Topics
    progress: Progress

    def loops(self) -> list[Callable[[], None]]:
        """A loop for each partition: of every cell three, and that of the operational alerts."""
        cells = range(self.settings.cells)
        return [
            *(partial(self.decisions, cell) for cell in cells),
            *(partial(self.rejections, cell) for cell in cells),
            *(partial(self.controls, cell) for cell in cells),
            self.operations,
        ]

    def decisions(self, cell: int) -> None:
        """File the alerts among a cell's decisions."""
        with self._source(self.topics.decisions, cell) as source:
            rule_sets = RuleSets(source.casebook, self.progress)

            def handle(batch: Batch) -> None:
                if batch.next_offset > source.next_offset:
                    messages = Messages.of(batch)
                    filing = filings.of_decisions(
                        messages, source.casebook, source.position, rule_sets.suppressions
                    )
                    if not self.progress.stopped.is_set():  # Else a rule set may be missing.
                        source.store(filing)
                metrics.POSITION.labels(str(cell)).set(source.position)

            self._consume(source, handle)

    def rejections(self, cell: int) -> None:
        """File what the scorer could not read."""
        self._file_all(self.topics.rejected, cell, filings.of_rejections)

    def operations(self) -> None:
        """File the alerts about the traffic itself."""
        self._file_all(self.topics.operations, 0, filings.of_operations)

    def controls(self, cell: int) -> None:
        """File the control records of a cell, among which there are mostly transactions."""
        with self._source(self.topics.log, cell) as source:

            def handle(batch: Batch) -> None:
                messages = Messages.controls_of(batch)
                if messages.found or batch.next_offset - source.next_offset >= SAVE_EVERY:
                    source.store(filings.of_controls(messages))
                self.progress.reach(cell, batch.next_offset)

            self._consume(source, handle)

    def _file_all(
        self, topic: Topic, partition: int, filing_of: Callable[[Messages], Filing]
    ) -> None:
        with self._source(topic, partition) as source:

            def handle(batch: Batch) -> None:
                if batch.next_offset > source.next_offset:
                    source.store(filing_of(Messages.of(batch)))

            self._consume(source, handle)

    @contextmanager
    def _source(self, topic: Topic, partition: int) -> Iterator[Source]:
        name = f"watchkeeper-alerting-{topic.name}-{partition}"
        with connect(self.settings.postgres.get_secret_value(), name) as connection:
            yield Source(PostgresCasebook(connection), topic, partition)

    def _consume(self, source: Source, handle: Callable[[Batch], None]) -> None:
        start = source.next_offset or None
        reader = Reader.at(
            self.settings.kafka, GROUP, source.topic, source.partition, start, **UNHURRIED
        )
        consume(reader, handle, self.progress.stopped, PACE_SECONDS)


def run(settings: Settings, stopped: threading.Event, topics: Topics | None = None) -> None:
    """File everything until stopped; what fails ends all loops, a restart goes on behind."""
    alerting = Alerting(settings, topics or Topics(), Progress(stopped))
    run_together(alerting.loops(), stopped)
