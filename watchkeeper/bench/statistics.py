"""What the moments of a run come to: latencies by rank, rates, and what was lost or doubled."""

from dataclasses import dataclass

import numpy as np

from watchkeeper.simulator.draws import Integers, Reals, Truths

NEVER = np.nan


@dataclass(frozen=True, slots=True, kw_only=True)
class Latencies:
    """Milliseconds at three ranks; null where nothing was measured."""

    p50: float | None
    p95: float | None
    p99: float | None


def latencies(seconds: Reals) -> Latencies:
    """The nearest-rank percentiles: each is a latency that somebody really had."""
    found = np.sort(seconds[~np.isnan(seconds)])
    return Latencies(p50=_rank(found, 50), p95=_rank(found, 95), p99=_rank(found, 99))


def _rank(ordered: Reals, percent: int) -> float | None:
    if not len(ordered):
        return None
    index = -(-percent * len(ordered) // 100) - 1
    return round(float(ordered[index]) * 1_000, 2)


def due_moments(count: int, per_second: float, batch: int) -> Reals:
    """When each transaction was to be sent: with its batch, as soon as the batch is full."""
    numbers = np.arange(count)
    last_of_batch = np.minimum((numbers // batch + 1) * batch, count) - 1
    moments: Reals = last_of_batch / per_second
    return moments


def committed_moments(positions: Integers, marks: Integers, moments: Reals) -> Reals:
    """For each position the first moment at which a watermark was seen that had reached it.

    `marks` are the watermarks that were seen, in order of the `moments`; a position below 0 was
    never seen, and one that no watermark reached never was.
    """
    if not len(marks):
        return np.full(len(positions), NEVER)
    index = np.searchsorted(marks, positions)
    reached: Reals = np.where(index < len(marks), moments[np.minimum(index, len(marks) - 1)], NEVER)
    return np.where(positions < 0, NEVER, reached)


def rate(moments: Reals, measured: Truths) -> float:
    """How many happened each second, from the first measured moment to the last."""
    found = moments[measured & ~np.isnan(moments)]
    if len(found) < 2:  # noqa: PLR2004  (one moment has no duration)
        return 0.0
    span = float(found.max() - found.min())
    return round((len(found) - 1) / span, 1) if span else 0.0
