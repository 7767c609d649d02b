"""The way down: nobody loses what they still need."""

from watchkeeper.stack.ascent import all_needs
from watchkeeper.stack.parts import AFTER
from watchkeeper.stack.processes import PROCESSES


def test_every_process_stops_before_the_servers_that_it_needs() -> None:
    assert all_needs("dashboard", AFTER) >= {"api", "kafka", "postgres", "valkey"}
    assert all_needs("scoring", AFTER) == {"topics", "kafka"}
    assert all_needs("kafka", AFTER) == set()


def test_nothing_waits_for_a_part_that_does_not_exist() -> None:
    known = {"kafka", "postgres", "valkey", "topics", "schema"}
    known |= {process.name for process in PROCESSES}
    assert all(set(after) <= known for after in AFTER.values())
