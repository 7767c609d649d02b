from pathlib import Path

import polars as pl
import pytest

from watchkeeper.errors import Failure
from watchkeeper.simulator import labels
from watchkeeper.simulator.catches import Seen, tally
from watchkeeper.simulator.traffic import Label


def a_label(number: int, campaign: str = "velocity-1") -> Label:
    typology = campaign.rpartition("-")[0]
    return Label(transaction_id=f"t-{number}", campaign=campaign, typology=typology)


def seen(*typologies: str, is_stopped: bool = True) -> Seen:
    return Seen(is_stopped, frozenset(typologies))


@pytest.mark.parametrize("name", ["labels.parquet", "labels.ndjson"])
def test_labels_are_read_back_as_they_were_written(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    labels.write([a_label(1), a_label(2, "fan-in-1")], path)
    read = pl.read_parquet(path) if path.suffix == ".parquet" else pl.read_ndjson(path)
    assert read.rows() == [("t-1", "velocity-1", "velocity"), ("t-2", "fan-in-1", "fan-in")]


def test_a_name_that_says_no_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="does not say how"):
        labels.write([], tmp_path / "labels.csv")


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="cannot be written"):
        labels.write([], tmp_path / "none" / "labels.ndjson")


def test_a_campaign_is_caught_by_a_stopped_transaction_with_a_hit_of_its_kind() -> None:
    planted = [a_label(1), a_label(2), a_label(3, "velocity-2")]
    (found,) = tally(planted, {"t-1": seen("velocity", "fan-in"), "t-3": seen("fan-in")})
    assert (found.campaigns, found.caught) == (2, 1)
    assert (found.transactions, found.stopped) == (3, 2)


def test_a_hit_that_stopped_nothing_catches_nothing() -> None:
    (found,) = tally([a_label(1)], {"t-1": seen("velocity", is_stopped=False)})
    assert (found.caught, found.stopped) == (0, 0)
