"""The state of a stack for people and programs: totals, watermarks, processes."""

from datetime import datetime
from pathlib import Path

import msgspec

from analytics.places import Places
from analytics.stocktaking import Totals, take_stock
from watchkeeper.stack.descriptor import Descriptor
from watchkeeper.stack.watching import ProcessStatus, look
from watchkeeper.warming import Warming, warming

COUNTED_BY = ("kafka", "postgres")


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """What `watchkeeper status --json` prints; nothing can be counted where a server is away.

    `warming` is what scoring says of new features, or null where it does not answer.
    """

    totals: Totals | None
    watermarks: dict[str, dict[str, int]]
    processes: list[ProcessStatus]
    warming: Warming | None = None


def places(descriptor: Descriptor) -> Places:
    """Where everything of that stack stands."""
    return Places(
        kafka=descriptor.kafka,
        postgres=descriptor.postgres,
        data=Path(descriptor.data),
        cells=descriptor.cells,
    )


def status(descriptor: Descriptor, now: datetime) -> Status:
    """Count and look."""
    processes = look(descriptor, now)
    away = [each for each in processes if each.name in COUNTED_BY and not each.is_healthy]
    if away:
        return Status(totals=None, watermarks={}, processes=processes)
    stock = take_stock(places(descriptor))
    return Status(
        totals=stock.totals(),
        watermarks=stock.watermarks,
        processes=processes,
        warming=warming(descriptor),
    )
