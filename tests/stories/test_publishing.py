"""Rules go live under load by two persons; crash, step back and breaker change no position."""

import os
import shutil
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

import rules
from data_contracts.control import KIND_HEADER, BreakerRecord
from data_contracts.decision import Decision
from data_contracts.topics import DECISIONS, TRANSACTIONS
from tests.stories.conftest import COMMAND_SECONDS_MAX, Stack, ended
from tests.stories.test_kill_any_process import has_come_back, undisturbed
from tests.topics import end_of, messages_of
from tests.waiting import until

pytestmark = [pytest.mark.stack, pytest.mark.timeout(900)]

PER_SECOND = 2_000
SECONDS = 30
LOUD = "nearly-every-payment"
RULE = f"""\
id: {LOUD}
version: 1
title: Nearly every payment
typology: velocity
severity: low
owner: card-fraud
status: live
when: amount_minor > 1
score: 1
reason: more than nothing
breaker: {{max_hits_per_hour: 1000}}
runbook: Nothing to do.
references: [none]
tests:
  - {{name: some money, event: {{amount_minor: 2}}, hit: true}}
  - {{name: nearly none, event: {{amount_minor: 1}}, hit: false}}
"""


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped catalogue and one loud rule more."""
    folder = tmp_path_factory.mktemp("catalogue") / "rules"
    shipped = Path(next(iter(rules.__path__)))
    folder.mkdir()
    for name in ("features.yaml", "policy.yaml"):
        shutil.copy(shipped / name, folder)
    for name in ("catalogue", "lists"):
        shutil.copytree(shipped / name, folder / name)
    (folder / "catalogue" / "velocity" / f"{LOUD}.yaml").write_text(RULE)
    return folder


@dataclass(frozen=True, slots=True)
class Read:
    """What stood in both topics at the end; a decision that was sent twice is there twice."""

    decisions: list[Decision]
    expected: dict[bytes | None, bytes]
    sent: list[tuple[bytes | None, bytes]]


def read(stack: Stack) -> Read:
    brokers = stack.descriptor.kafka
    sent = [(each.key(), each.value() or b"") for each in messages_of(brokers, DECISIONS)]
    return Read(
        decisions=[msgspec.json.decode(value, type=Decision) for _, value in sent],
        expected=undisturbed(messages_of(brokers, TRANSACTIONS)),
        sent=sent,
    )


def refused(stack: Stack, *words: str) -> str:
    command = stack.start(*words)
    _, err = command.communicate(timeout=COMMAND_SECONDS_MAX)
    assert command.returncode == 1
    return err


def log_end(stack: Stack) -> int:
    """One past the last position of the log."""
    return end_of(stack.descriptor.kafka, TRANSACTIONS)


def first_trip(stack: Stack, rule_id: str) -> int:
    """The position at which a rule went into shadow."""
    return min(
        each.offset() or 0
        for each in messages_of(stack.descriptor.kafka, TRANSACTIONS)
        if each.headers() == [(KIND_HEADER, b"breaker")]
        and msgspec.json.decode(each.value() or b"", type=BreakerRecord).rule_id == rule_id
    )


def published(stack: Stack) -> Any:  # noqa: ANN401  (JSON)
    return stack.run("rules", "log")


def test_a_rule_set_goes_live_under_load_and_a_kill_changes_no_position(
    stack: Stack, catalogue: Path
) -> None:
    until(lambda: bool(published(stack)["publications"]), "the shipped rules are published")
    (shipped,) = {each["rule_set"] for each in published(stack)["publications"]}
    proposed = stack.run("rules", "propose", "--catalogue", str(catalogue), "--as", "rosa")
    name = proposed["rule_set"]
    assert "rules approve" in refused(stack, "rules", "apply", name)
    assert "of their own" in refused(stack, "rules", "approve", name, "--as", "rosa")
    stack.run("rules", "approve", name, "--as", "theo")
    pid = stack.processes()["scoring"]["pid"]
    traffic = stack.start(
        "simulate",
        f"--tps={PER_SECOND}",
        f"--seconds={SECONDS}",
        "--fraud=all",
        "--accounts=20000",
        "--json",
    )
    until(lambda: log_end(stack) > PER_SECOND, "traffic flows")

    applied = stack.run("rules", "apply", name, "--as", "rosa")
    os.kill(pid, signal.SIGKILL)
    until(lambda: has_come_back(stack, "scoring", pid), "scoring is back")

    result = ended(traffic)
    sent = result["sent"]
    assert sent["accepted"] + sent["duplicates"] == PER_SECOND * SECONDS
    assert result["stack"]["lost"] == result["stack"]["duplicated"] == 0
    assert applied["taken_up_seconds"] is not None
    at = applied["positions"]["0"]
    found = read(stack)
    assert {each.rule_set for each in found.decisions if each.position < at} == {shipped}
    assert {each.rule_set for each in found.decisions if each.position > at} == {name}
    # What was decided again after the crash was decided by the same rules, to the byte.
    assert {key for key, _ in found.sent} == set(found.expected)
    assert not [key for key, value in found.sent if value != found.expected[key]]


def test_the_loud_rule_alone_was_put_into_shadow_and_is_let_back(stack: Stack) -> None:
    assert LOUD in {each["rule_id"] for each in published(stack)["breakers"]}
    position = first_trip(stack, LOUD)
    after = [each for each in read(stack).decisions if each.position > position]
    assert not [each for each in after if LOUD in {hit.rule_id for hit in each.hits}]
    assert [each for each in after if LOUD in {hit.rule_id for hit in each.shadow_hits}]
    assert {hit.rule_id for each in after for hit in each.hits} - {LOUD}

    reset = stack.run("rules", "reset", LOUD, "--reason", "to see it again")
    traffic = stack.run("simulate", "--tps=50", "--seconds=3", "--accounts=500", "--seed=9")
    assert traffic["sent"]["accepted"] == 150
    again = [each for each in read(stack).decisions if each.position > reset["positions"]["0"]]
    assert [each for each in again if LOUD in {hit.rule_id for hit in each.hits}]
    assert LOUD not in {each["rule_id"] for each in published(stack)["breakers"]}


def test_a_step_back_stands_in_the_log_too(stack: Stack) -> None:
    before = published(stack)["publications"]
    back = stack.run("rules", "apply", "--rollback", "--reason", "the rule is too loud")
    assert back["rule_set"] == before[0]["rule_set"]
    assert back["act"] == "rollback"
    history = published(stack)["publications"]
    assert history[-1]["position"] == back["positions"]["0"] > before[-1]["position"]
    assert history[-1]["reason"] == "the rule is too loud"
