"""What `watchkeeper status` says of features that warm."""

from prometheus_client import CollectorRegistry, generate_latest

from dataflows.scoring import metrics
from dataflows.scoring.warm_start import WarmStart
from rules.features.plan import Plan
from rules.features.shard import FeatureShard
from tests.dataflows.scoring.logs import AVERAGE, COUNT, MERCHANTS, Log
from tests.dataflows.scoring.memory_warmer import MemoryWarmer
from watchkeeper.warming import Warming, read


def told() -> Warming:
    registry = CollectorRegistry()
    for gauge in (metrics.WARMING_FEATURES, metrics.WARMING_DONE):
        registry.register(gauge)
    return read(generate_latest(registry).decode())


def test_the_shard_that_is_furthest_behind_counts() -> None:
    metrics.WARMING_FEATURES.clear()
    metrics.WARMING_DONE.clear()
    for shard, features in ((0, [COUNT]), (1, [COUNT, AVERAGE, MERCHANTS])):
        warmer = MemoryWarmer(Log(), lag=100)
        warm_start = WarmStart(FeatureShard(Plan.of(()), shard, 2), warmer, seen=50)
        warm_start.take_up(0, Plan.of(features))
        warm_start.look()

    assert told() == Warming(features=3, done=0.5)
    assert told().sentence() == "scoring: warming 3 features, 50%"


def test_where_nothing_warms_it_says_so() -> None:
    assert read("").sentence() == "scoring: all features are on"
    assert Warming(features=1, done=0.628).sentence() == "scoring: warming 1 feature, 63%"
