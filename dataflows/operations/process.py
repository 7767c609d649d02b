"""The monitor as a process: settings become a flow with its recovery store, run until stopped."""

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Event

from bytewax.run import cli_main

from data_contracts.topics import ALERTS, Topic
from dataflows import recovery
from dataflows.operations.flow import SHARD, Telling, Watch, build
from dataflows.operations.monitor import tile_ms
from dataflows.operations.source import Observations, Topics, Watched
from rules import operations
from runtime.settings import Settings


def run(
    settings: Settings,
    stopped: Event,
    clock: Callable[[], datetime],
    topics: Topics | None = None,
    alerts: Topic = ALERTS,
) -> None:
    """Watch until stopped; a restart goes on where the last epoch ended."""
    rules = operations.load()
    watched = Watched(
        brokers=settings.kafka,
        topics=topics or Topics(),
        cells=settings.cells,
        tile_ms=tile_ms(rules),
        tenant=settings.tenant,
    )
    watch = Watch(rules=rules, tenant=settings.tenant, cells=settings.cells, clock=clock)
    source = Observations(watched, SHARD, clock, stopped)
    sink = Telling(
        brokers=settings.kafka, alerts=alerts, log=watched.topics.log, tenant=settings.tenant
    )
    cli_main(  # type: ignore[no-untyped-call]  # the engine comes without types
        build(source, watch, sink),
        epoch_interval=timedelta(seconds=settings.epoch_seconds),
        recovery_config=recovery.store(settings.recovery / "operations"),
    )
