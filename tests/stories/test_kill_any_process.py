"""kill -9 of any one process under load: nothing lost, nothing twice, the same decisions."""

import os
import signal
from collections.abc import Sequence

import pytest

from data_contracts.topics import DECISIONS
from runtime.kafka import Reader, end_offset
from tests.stories.conftest import Stack, ended
from tests.waiting import until

pytestmark = pytest.mark.stack

PER_SECOND = 1_000
SECONDS = 75
VICTIMS = (
    "scoring",
    "posting",
    "archiving",
    "alerting",
    "operations",
    "api",
    "valkey",
    "postgres",
    "kafka",
)


def kill(stack: Stack, name: str) -> None:
    """End a process without warning, and see another one take its place."""
    before = stack.processes()[name]
    os.kill(before["pid"], signal.SIGKILL)
    until(lambda: has_come_back(stack, name, before["pid"]), f"{name} is back")


def has_come_back(stack: Stack, name: str, pid: int) -> bool:
    now = stack.processes()[name]
    return bool(now["is_healthy"] and now["pid"] not in {None, pid})


def messages(brokers: str) -> Sequence[tuple[bytes | None, bytes]]:
    """Every decision that was ever sent, key and value, in order."""
    reader = Reader.at(brokers, "story", DECISIONS, 0, None)
    end = end_offset(reader.consumer, DECISIONS.name, 0)
    found: list[tuple[bytes | None, bytes]] = []
    while reader.next_offset < end:
        found += [(each.key(), each.value() or b"") for each in reader.poll(5_000, 1.0).messages]
    reader.close()
    return found


def test_every_process_is_killed_under_load_and_nothing_is_lost_or_twice(stack: Stack) -> None:
    traffic = stack.start(
        "simulate",
        f"--tps={PER_SECOND}",
        f"--seconds={SECONDS}",
        "--fraud=all",
        "--accounts=20000",
        "--json",
    )
    for name in VICTIMS:
        kill(stack, name)
    result = ended(traffic)
    assert result["sent"]["accepted"] == PER_SECOND * SECONDS
    assert result["stack"]["lost"] == result["stack"]["duplicated"] == 0
    assert result["stack"]["ledger_balanced"]
    assert stack.run("ledger", "check")
    sent = messages(stack.descriptor.kafka)
    by_event: dict[bytes | None, set[bytes]] = {}
    for key, value in sent:
        by_event.setdefault(key, set()).add(value)
    assert len(by_event) == result["stack"]["totals"]["decided"]
    # What was decided again after a crash was decided in the very same way.
    assert {len(values) for values in by_event.values()} == {1}
