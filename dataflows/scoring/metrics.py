"""The numbers of scoring, all in one place."""

from collections import Counter as Tally
from collections.abc import Iterator, Sequence

import numpy as np
from prometheus_client import REGISTRY, Counter, Gauge, Histogram
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector

from dataflows.scoring.decisions import Decided

BUCKETS = (0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1.0, 2.5, 5.0, 10.0, 30.0)

DECISIONS = Counter("watchkeeper_scoring_decisions", "Decisions made.", ["verdict"])
REJECTED = Counter("watchkeeper_scoring_dead_letters", "Messages of the log that were not taken.")
POSITION = Gauge("watchkeeper_scoring_position", "The last position taken from the log.", ["cell"])
LAG = Gauge("watchkeeper_scoring_lag", "Messages of the log that wait.", ["cell"])
WARMING_FEATURES = Gauge(
    "watchkeeper_scoring_warming_features",
    "Features that are null until they are filled with their history and switched on.",
    ["cell", "shard"],
)
WARMING_DONE = Gauge(
    "watchkeeper_scoring_warming_done", "How much of it is read, 0 to 1.", ["cell", "shard"]
)
BATCH_SECONDS = Histogram(
    "watchkeeper_scoring_batch_seconds",
    "From a batch's arrival to its decisions.",
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0),
)


class Latencies(Collector):
    """A histogram that takes a whole batch at once, because a call for each decision costs more."""

    def __init__(self, name: str, documentation: str) -> None:
        """Nothing observed yet."""
        self.name, self.documentation = name, documentation
        self.counts = np.zeros(len(BUCKETS) + 1, np.int64)
        self.total = 0.0

    def observe(self, seconds: Sequence[float], now: float) -> None:
        """Count how long ago each of these instants was."""
        ages = now - np.array(seconds, np.float64)
        places = np.searchsorted(BUCKETS, ages)
        self.counts += np.bincount(places, minlength=len(self.counts))
        self.total += float(ages.sum())

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """What has been counted."""
        bounds = [*map(str, BUCKETS), "+Inf"]
        reached = np.cumsum(self.counts).tolist()
        buckets = list(zip(bounds, reached, strict=True))
        yield HistogramMetricFamily(self.name, self.documentation, buckets, self.total)


DECISION_SECONDS = Latencies(
    "watchkeeper_scoring_decision_seconds", "From a transaction's receipt to its decision."
)
REGISTRY.register(DECISION_SECONDS)


def observe(decided: Decided, now: float) -> None:
    """Count what an item of the log came to."""
    POSITION.labels(decided.cell).set(decided.position)
    for verdict, count in Tally(decided.verdicts).items():
        DECISIONS.labels(verdict).inc(count)
    REJECTED.inc(len(decided.letters) - len(decided.verdicts))
    if decided.received:
        DECISION_SECONDS.observe(decided.received, now)
