"""kill -9 of any one process under load: nothing lost, nothing twice, the same decisions."""

import os
import signal
from collections.abc import Sequence

import pytest
from confluent_kafka import Message

from data_contracts.topics import DECISIONS, TRANSACTIONS
from dataflows.connectors import cut, logged
from dataflows.scoring.scorer import Scorer
from dataflows.scoring.topics import Topics
from tests.stories.conftest import Stack, ended
from tests.topics import messages_of
from tests.waiting import until

pytestmark = pytest.mark.stack

PER_SECOND = 1_000
SECONDS = 75
VICTIMS = (
    "scoring",
    "posting",
    "sealing",
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


def undisturbed(log: Sequence[Message]) -> dict[bytes | None, bytes]:
    """What one scorer, which nobody kills, decides on the same log."""
    scorer, decided = Scorer(Topics()), dict[bytes | None, bytes]()
    for batch in cut(0, map(logged, log)):
        for letter in scorer.score(batch).letters:
            decided[letter.key] = letter.value
    return decided


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
    # What had been taken when the API died before it could say so is a duplicate at the next try.
    sent = result["sent"]
    assert sent["accepted"] + sent["duplicates"] == PER_SECOND * SECONDS
    assert result["stack"]["lost"] == result["stack"]["duplicated"] == 0
    assert result["stack"]["ledger_balanced"]
    assert stack.run("ledger", "check")
    brokers = stack.descriptor.kafka
    expected = undisturbed(messages_of(brokers, TRANSACTIONS))
    assert len(expected) == result["stack"]["totals"]["decided"]
    decided = [(each.key(), each.value()) for each in messages_of(brokers, DECISIONS)]
    assert {key for key, _ in decided} == set(expected)
    # What was decided again after a crash was decided in the very same way, to the byte.
    assert not [key for key, value in decided if value != expected[key]]
