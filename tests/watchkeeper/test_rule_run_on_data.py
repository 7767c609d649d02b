"""Both engines on the public data sets, through the command itself."""

from pathlib import Path

import pytest

from benchmarks.engines import run, unequal

pytestmark = [pytest.mark.data, pytest.mark.timeout(1_800)]

MEMORY_MAX = 2 * 2**30


@pytest.mark.parametrize(
    "name", ["transfers_cycles", "transfers_fan_in", "card_payments_2018_apr_jul"]
)
def test_every_cell_is_equal_and_memory_stays_below_two_gibibytes(
    data_sets: Path, tmp_path: Path, name: str
) -> None:
    by_batch, by_stream = tmp_path / "batch.parquet", tmp_path / "stream.parquet"

    costs = [
        run("batch", data_sets / f"{name}.parquet", by_batch),
        run("stream", data_sets / f"{name}.parquet", by_stream),
    ]

    assert unequal(by_batch, by_stream) == []
    assert max(cost.memory_bytes for cost in costs) < MEMORY_MAX
