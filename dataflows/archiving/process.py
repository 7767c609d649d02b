"""The archiver as a process: settings become a table, an archiver per cell, and their loops."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from threading import Lock

from data_contracts.topics import DECISIONS, Topic
from dataflows.archiving.archiver import Archiver, Store
from dataflows.archiving.buffer import Patience
from runtime.archive import Archive, Housekeeping
from runtime.consumer import consume, run_together
from runtime.kafka import UNHURRIED, Batch, Reader
from runtime.settings import Settings

GROUP = "archiving"


def run(
    settings: Settings,
    stopped: threading.Event,
    clock: Callable[[], datetime],
    decisions: Topic = DECISIONS,
) -> None:
    """Archive every cell until stopped, then what still waits; a restart goes on behind it."""
    archive = Archive.open(settings.archive)
    store = Store(archive, Housekeeping.of(archive, clock()), Lock())
    patience = Patience(longest=timedelta(seconds=settings.archive_seconds))
    ids = settings.archive.parent / "ids"
    archivers = [Archiver.open(store, cell, ids, patience) for cell in range(settings.cells)]

    def loop(archiver: Archiver) -> None:
        def handle(batch: Batch) -> None:
            archiver.handle(batch, clock())

        start = archiver.next_offset or None
        reader = Reader.at(settings.kafka, GROUP, decisions, archiver.cell, start, **UNHURRIED)
        consume(reader, handle, stopped)
        archiver.flush()

    run_together([partial(loop, archiver) for archiver in archivers], stopped)
