"""What is counted, and how it is told."""

import pytest

from dataflows.scoring.metrics import BUCKETS, Latencies


def test_latencies_are_told_as_a_histogram_of_seconds() -> None:
    latencies = Latencies("seconds", "How long.")
    latencies.observe([100.0, 99.97, 98.5], now=100.0)
    latencies.observe([0.0], now=100.0)

    (family,) = latencies.collect()
    found = {
        sample.labels["le"]: sample.value
        for sample in family.samples
        if sample.name == "seconds_bucket"
    }

    assert len(found) == len(BUCKETS) + 1
    assert (found["0.01"], found["0.05"], found["2.5"], found["+Inf"]) == (1, 2, 3, 4)
    (total,) = (sample.value for sample in family.samples if sample.name == "seconds_sum")
    assert total == pytest.approx(101.53)
