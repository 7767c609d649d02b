"""The flow with its states in files, told an epoch late: after any crash it decides the same."""

from datetime import timedelta
from pathlib import Path

import pytest
from bytewax.testing import TestingSink, run_main

from dataflows import recovery
from dataflows.connectors import Letter, Written
from dataflows.scoring.flow import Scoring, build
from dataflows.scoring.warmers import NoHistory, Warmer
from dataflows.states import States
from tests.dataflows.scoring.logs import TOPICS, decisions, letters
from tests.dataflows.scoring.memory_warmer import MemoryWarmer
from tests.dataflows.scoring.test_warm_start import a_log_with_new_features, warm_records
from tests.dataflows.scoring.traffic import rich_log
from tests.dataflows.scoring.turning import Turning
from tests.factories import NOON
from tests.waiting import until

SIZE = 30


class Place:
    """A folder in which the flow runs until it crashes or the log ends."""

    def __init__(self, folder: Path, shards: int, warmer: Warmer | None = None) -> None:
        self.shards, self.warmer = shards, warmer or NoHistory()
        self.store = recovery.store(folder / "store")
        self.states = States.at(folder / "store" / "states")

    def run(self, source: Turning) -> list[Letter]:
        sent: list[Written] = []
        scoring = Scoring(
            topics=TOPICS,
            shards=self.shards,
            clock=lambda: NOON,
            warmer=self.warmer,
            states=self.states,
        )
        flow = build(source, scoring, TestingSink(sent))
        run_main(flow, epoch_interval=timedelta(0), recovery_config=self.store)  # type: ignore[no-untyped-call]  # the engine comes without types
        return [letter for _, batch in sent for letter in batch]

    def wait(self) -> bool:
        until(self.states.are_written, "all is written")
        return True


def by_key(found: list[Letter]) -> dict[bytes, bytes]:
    return {letter.key: letter.value for letter in found if letter.key}


@pytest.mark.parametrize("shards", [1, 3])
@pytest.mark.parametrize("waits", ["until-written", "never"])
def test_after_crashes_it_decides_as_if_nothing_had_been(
    tmp_path: Path, shards: int, waits: str
) -> None:
    log = rich_log()
    batches, place = log.batches(SIZE), Place(tmp_path, shards)
    crashes = set(range(2, len(batches), 5))
    source = Turning(batches, crashes, place.states.are_written if waits == "never" else place.wait)

    found = [place.run(source) for _ in range(len(crashes) + 1)]

    assert by_key([letter for part in found for letter in part]) == by_key(letters(batches))
    assert not crashes
    assert place.run(source) == []  # At its end it left nothing to be done again.


@pytest.mark.parametrize("shards", [1, 3])
def test_a_restart_goes_back_two_epochs_at_most(tmp_path: Path, shards: int) -> None:
    log = rich_log()
    batches, place = log.batches(SIZE), Place(tmp_path, shards)
    source = Turning(batches, {8}, place.wait)

    place.run(source)
    again = decisions(place.run(source))

    begins = [batch.messages[0].offset for batch in batches]
    assert begins[6] <= again[0].position < begins[8]


@pytest.mark.parametrize("shards", [1, 3])
def test_killed_while_features_warm_it_decides_the_same(tmp_path: Path, shards: int) -> None:
    log = a_log_with_new_features()
    batches, place = log.batches(SIZE), Place(tmp_path, shards, MemoryWarmer(log))
    crashes = set(range(1, len(batches), 4))
    source = Turning(batches, crashes, place.wait)

    found = sum((place.run(source) for _ in range(len(crashes) + 1)), list[Letter]())

    assert by_key(found) == by_key(letters(batches, warmer=MemoryWarmer(log)))
    assert warm_records(found)
