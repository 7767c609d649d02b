"""`python -m dataflows.archiving`: the archiver as a process, until SIGTERM."""

from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Lock

from data_contracts.topics import DECISIONS
from dataflows.archiving.archiver import Archiver, Store
from dataflows.archiving.buffer import Patience
from runtime import metrics
from runtime.archive import Archive, Housekeeping
from runtime.consumer import consume, run_together, stop_on_signals
from runtime.kafka import Batch, Reader
from runtime.settings import Settings


def main() -> None:
    """Archive every cell; what fails ends the process, and a restart goes on behind the mark."""
    settings = Settings()
    stopped = stop_on_signals()
    archive = Archive.open(settings.archive)
    store = Store(archive, Housekeeping.of(archive, datetime.now(UTC)), Lock())
    patience = Patience(longest=timedelta(seconds=settings.archive_seconds))
    metrics.serve(settings.metrics_port)
    ids = settings.archive.parent / "ids"
    archivers = [Archiver.open(store, cell, ids, patience) for cell in range(settings.cells)]

    def run(archiver: Archiver) -> None:
        def handle(batch: Batch) -> None:
            archiver.handle(batch, datetime.now(UTC))

        reader = Reader.at(
            settings.kafka, "archiving", DECISIONS, archiver.cell, archiver.next_offset or None
        )
        consume(reader, handle, stopped)
        archiver.flush()

    run_together([partial(run, archiver) for archiver in archivers], stopped)


if __name__ == "__main__":
    main()
