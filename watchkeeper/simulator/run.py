"""A run of the simulator: its traffic leaves in small batches, each when its last one is due."""

from collections.abc import Iterator

from watchkeeper import json_columns
from watchkeeper.sending import Batch
from watchkeeper.simulator.traffic import Traffic

BATCH_MAX = 100
BATCH_SECONDS = 0.1


def batch_size(per_second: float) -> int:
    """As many as come in a tenth of a second, a hundred at most."""
    return max(1, min(BATCH_MAX, int(per_second * BATCH_SECONDS)))


def batches(traffic: Traffic, size: int) -> Iterator[Batch]:
    """The whole traffic; made chunk by chunk, so that its memory does not grow with it."""
    for chunk in traffic.chunks():
        first = 0
        for body, count in json_columns.bodies(chunk.rows, size):
            due_ms = int(chunk.due_ms[first + count - 1])
            yield Batch(body, count, due_ms / 1_000)
            first += count
