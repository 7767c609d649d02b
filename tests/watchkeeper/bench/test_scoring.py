"""The bench of scoring measures the flow's own operators on traffic that stands for everyday."""

import os
from itertools import islice

from rules.features.messages import Messages
from tests.factories import NOON
from watchkeeper.bench.scoring import Bench, Load, batches, measure, messages
from watchkeeper.publish import shipped_catalogue, sound_catalogue

LOAD = Load(
    events=1_500,
    warm_up=500,
    accounts=300,
    batch=500,
    per_second=100,
    snapshot_seconds=1e-6,
    seed=1,
)


def test_everyday_traffic_is_plain_and_the_same_for_a_seed() -> None:
    found = list(messages(LOAD))

    assert len(found) == 2_000
    assert Messages.read(found).are_plain.all()
    assert found[:50] == list(islice(messages(LOAD), 50))


def test_every_stage_is_measured_and_the_core_given_back() -> None:
    before = os.sched_getaffinity(0)

    report = measure(LOAD, lambda: NOON)

    assert os.sched_getaffinity(0) == before
    assert (report.events, report.accounts) == (1_500, 300)
    assert list(report.us_per_event) == ["intake", "features", "decisions", "snapshots"]
    assert all(microseconds > 0 for microseconds in report.us_per_event.values())
    per_event = sum(report.us_per_event.values())
    assert abs(report.events_per_second * per_event / 1e6 - 1) < 0.01
    assert report.rules >= 40
    assert report.features >= 20
    assert report.state_bytes_per_account > report.snapshot_bytes_per_account > 0
    assert report.snapshot_ms > 0
    assert report.snapshot_copy_ms > 0


def test_all_of_it_is_decided_by_the_shipped_rules() -> None:
    rule_set = sound_catalogue(shipped_catalogue()).rule_set()
    bench = Bench.of(rule_set, lambda: NOON)

    count = bench.score(batches(messages(LOAD), 500, 1), 1e9)

    assert count == 2_000
    assert bench.scorer.judge.rule_set == rule_set.fingerprint()
    assert 0 < bench.hits < count
