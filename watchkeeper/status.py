"""The state of a stack for people and programs: totals, watermarks, processes."""

from datetime import datetime

import msgspec

from watchkeeper.stack.descriptor import Descriptor
from watchkeeper.stack.watching import ProcessStatus, look


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """What `watchkeeper status --json` prints."""

    totals: dict[str, int | None]
    watermarks: dict[str, dict[str, int]]
    processes: list[ProcessStatus]


def status(descriptor: Descriptor, now: datetime) -> Status:
    """Count and look."""
    return Status(totals={}, watermarks={}, processes=look(descriptor, now))
