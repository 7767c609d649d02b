"""The state of a stack for people and programs: totals, watermarks, processes."""

from datetime import datetime
from pathlib import Path

import msgspec

from analytics.places import Places
from analytics.stocktaking import Totals, take_stock
from api.monitoring import positions
from watchkeeper.scraping import metrics_of
from watchkeeper.stack.descriptor import Descriptor
from watchkeeper.stack.watching import ProcessStatus, look
from watchkeeper.warming import Warming, warming

COUNTED_BY = ("kafka", "postgres")
OPERATIONS, LOG_END = "operations", "log_end"


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


def watched(descriptor: Descriptor) -> dict[str, int]:
    """Up to which position of each cell operations has watched; nothing where it does not say."""
    text = metrics_of(descriptor, OPERATIONS)
    return {str(cell): position for cell, position in positions(OPERATIONS, text).items()}


def with_watched(
    watermarks: dict[str, dict[str, int]], found: dict[str, int]
) -> dict[str, dict[str, int]]:
    """The marks with that of operations among the other consumers, if it is known."""
    if not found:
        return watermarks
    ends = watermarks[LOG_END]
    others = {name: cells for name, cells in watermarks.items() if name != LOG_END}
    return others | {OPERATIONS: found, LOG_END: ends}


def status(descriptor: Descriptor, now: datetime) -> Status:
    """Count and look."""
    processes = look(descriptor, now)
    away = [each for each in processes if each.name in COUNTED_BY and not each.is_healthy]
    if away:
        return Status(totals=None, watermarks={}, processes=processes)
    stock = take_stock(places(descriptor))
    return Status(
        totals=stock.totals(),
        watermarks=with_watched(stock.watermarks, watched(descriptor)),
        processes=processes,
        warming=warming(descriptor),
    )
