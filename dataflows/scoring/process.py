"""Scoring as a process: settings become a flow with its recovery store, run until stopped."""

import fcntl
import gc
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event

from bytewax.run import cli_main

from dataflows import recovery
from dataflows.connectors import LetterSink, LogSource
from dataflows.scoring import metrics
from dataflows.scoring.flow import Scoring, build
from dataflows.scoring.topics import Topics
from dataflows.scoring.warmers import WarmerProcesses
from dataflows.states import States
from runtime.kafka import partitions
from runtime.settings import Settings

GROUP = "scoring"


class RecoveryStoreTaken(RuntimeError):
    """Another process works on the same recovery store, or it was made in another shape."""


def run(
    settings: Settings,
    stopped: Event,
    clock: Callable[[], datetime],
    topics: Topics | None = None,
) -> None:
    """Score until stopped; a restart goes on where the last epoch ended."""
    found = topics or Topics()
    folder = settings.recovery / "scoring"
    warmer = WarmerProcesses(
        brokers=settings.kafka,
        decisions=found.decisions,
        archive=settings.archive,
        folder=settings.recovery / "warming",
        share=settings.warming_share,
        stopped=stopped,
    )
    cells = partitions(settings.kafka, found.log.name)
    with _alone(folder), few_collections(), closing(warmer):
        store = recovery.store(folder)
        _check_shards(folder / "shards", settings.scoring_shards)
        states = States.at(folder / "states")
        scoring = Scoring(
            topics=found,
            shards=settings.scoring_shards,
            clock=clock,
            warmer=warmer,
            states=states,
        )
        source = LogSource(
            brokers=settings.kafka,
            group=GROUP,
            topic=found.log,
            clock=clock,
            stopped=stopped,
            tell_lag=_observe_lag,
            are_written=states.are_written,
        )
        cli_main(  # type: ignore[no-untyped-call]  # the engine comes without types
            build(source, scoring, LetterSink(settings.kafka, cells)),
            workers_per_process=settings.scoring_workers,
            epoch_interval=timedelta(seconds=settings.epoch_seconds),
            recovery_config=store,
        )


def _observe_lag(cell: int, waiting: int) -> None:
    metrics.LAG.labels(cell).set(waiting)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the recovery store: two writers would decide everything twice, and differently."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RecoveryStoreTaken(
                f"Another process scores with {folder}. Stop it, or give this one other data."
            ) from None
        yield


def _check_shards(note: Path, shards: int) -> None:
    """A store made for some shards is no use to others: features would silently begin anew."""
    if not note.exists():
        note.write_text(f"{shards}\n")
    elif (made_for := int(note.read_text())) != shards:
        raise RecoveryStoreTaken(
            f"{note.parent} was made for {made_for} shards and {shards} are wanted. Set "
            f"WATCHKEEPER_SCORING_SHARDS={made_for}; workers may be more or fewer."
        )


@contextmanager
def few_collections() -> Iterator[None]:
    """Nothing here makes cycles: let the collector look rarely, and not at what is there now."""
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
