"""The process that fills features: from an archive alone, from what it kept, and when it fails."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from data_contracts.topics import DECISIONS
from dataflows.scoring.following import Followed, Task
from dataflows.scoring.warmers import WarmerProcesses, Warming, WarmingFailed
from runtime.archive import Archive, Mark
from tests.dataflows.scoring.logs import COUNT
from tests.runtime.test_archive import rows
from tests.waiting import until

SECONDS_MAX = 120.0  # A process of low priority, on a machine that runs all the tests.
TASK = Task(cell=0, shard=0, shards=1, definitions=(COUNT,))


@contextmanager
def a_warmer(folder: Path) -> Iterator[WarmerProcesses]:
    warmer = WarmerProcesses(
        brokers="none is asked",
        decisions=DECISIONS,
        archive=folder / "archive",
        folder=folder / "warming",
        share=1.0,
    )
    yield warmer
    warmer.close()
    for process in warmer.begun:
        process.thread.join(SECONDS_MAX)
        assert not process.thread.is_alive()


def offered(warming: Warming) -> Followed:
    found: list[Followed] = []

    def is_there() -> bool:
        found.extend(item for item in [warming.offer()] if item is not None)
        return bool(found)

    until(is_there, "something is offered", SECONDS_MAX)
    return found[0]


def test_it_fills_from_the_archive_and_goes_on_from_what_it_kept(tmp_path: Path) -> None:
    Archive.open(tmp_path / "archive").append(rows(*range(30)), 0, Mark(29, 30))

    with a_warmer(tmp_path) as warmer:
        warming = warmer.begin(TASK)
        assert warming.progress() == 0
        warming.allow(9)
        assert offered(warming).position == 9
        assert warming.progress() == 1
        warming.allow(19)
        assert offered(warming).position == 19
        warming.stop()
    with a_warmer(tmp_path) as warmer:
        warming = warmer.begin(TASK)
        warming.allow(15)
        assert offered(warming).position == 19  # The flow will be there soon.
        warming.allow(15)
        found = offered(warming)
        warming.end()

    assert found.position == 15
    assert found.shard.groups["account_id",].keys.living == 1
    assert list((tmp_path / "warming").iterdir()) == []


def test_asked_to_stop_nobody_waits_for_history(tmp_path: Path) -> None:
    Archive.open(tmp_path / "archive")

    with a_warmer(tmp_path) as warmer:
        warming = warmer.begin(TASK)
        warmer.stopped.set()
        with pytest.raises(WarmingFailed, match="asked to stop"):
            warming.wait(0.01)


def test_where_history_cannot_be_read_whoever_needs_it_is_told(tmp_path: Path) -> None:
    log = tmp_path / "archive" / "_delta_log"
    log.mkdir(parents=True)
    (log / f"{0:020d}.json").write_text("no table")

    with a_warmer(tmp_path) as warmer:
        warming = warmer.begin(TASK)
        warming.allow(9)
        with pytest.raises(WarmingFailed, match=r"cell-0-shard-0-of-1-.* ended with 1"):
            warming.wait(SECONDS_MAX)
        assert warming.offer() is None
