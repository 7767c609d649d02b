"""The monitor on real Kafka: alerts come out, a kill changes nothing, SIGTERM ends it cleanly."""

import signal
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from data_contracts import codec
from data_contracts.alert import Alert
from data_contracts.control import BreakerRecord
from data_contracts.decision import RuleHit, Verdict
from data_contracts.topics import ALERTS, DECISIONS, REJECTED, TRANSACTIONS, Topic
from data_contracts.transaction import Channel, Transaction
from rules.model import Breaker, RuleSet
from rules.rule_set import pack
from runtime.kafka import Outbox
from tests.casework.published import RULE, RULE_SET, a_record
from tests.factories import NOON, a_decision, a_hit, a_topic, a_transaction, minute
from tests.processes import Process, running
from tests.topics import messages_of
from tests.waiting import until
from watchkeeper.stack.topics import make_topics

SCRIPT = Path(__file__).with_name("watch_topics.py")
PER_MINUTE = 20
HIT = a_hit()

pytestmark = pytest.mark.servers


@dataclass(slots=True)
class Stack:
    """Four topics of a test, what stands in the log, and how far it is decided."""

    brokers: str
    data: Path
    topics: tuple[Topic, Topic, Topic, Topic]
    log: list[Transaction]
    decided: int = 0

    def minutes(self, first: int, last: int, *channels: Channel) -> None:
        """Send transactions of all channels, evenly over some minutes."""
        outbox = Outbox.to(self.brokers)
        for number in range(first * PER_MINUTE, last * PER_MINUTE):
            for channel in channels:
                transaction = a_transaction(
                    channel=channel, received_at=minute(number / PER_MINUTE)
                )
                self.log.append(transaction)
                outbox.send(self.topics[0], codec.encode(transaction))
        outbox.flush()

    def decide(self, verdict: Verdict = Verdict.APPROVE, hits: tuple[RuleHit, ...] = ()) -> None:
        """Decide everything that waits."""
        outbox = Outbox.to(self.brokers)
        for position in range(self.decided, len(self.log)):
            decision = a_decision(
                transaction=self.log[position], position=position, verdict=verdict, hits=hits
            )
            outbox.send(self.topics[1], codec.encode(decision))
        outbox.flush()
        self.decided = len(self.log)

    def alerts(self) -> list[Alert]:
        """Every alert so far, copies too."""
        found = messages_of(self.brokers, self.topics[3])
        return [codec.decode(message.value() or b"", Alert) for message in found]

    def trips(self) -> list[BreakerRecord]:
        """Every breaker record in the log."""
        return [
            codec.decode(message.value() or b"", BreakerRecord)
            for message in messages_of(self.brokers, self.topics[0])
            if message.headers() == [("kind", b"breaker")]
        ]

    def raised(self) -> set[tuple[str, str]]:
        """Rule and entity of every alert so far."""
        return {(alert.rules[0], alert.entity) for alert in self.alerts()}


@pytest.fixture
def stack(kafka: str, tmp_path: Path) -> Stack:
    topics = (a_topic(TRANSACTIONS), a_topic(DECISIONS), a_topic(REJECTED), a_topic(ALERTS))
    make_topics(kafka, list(topics))
    return Stack(kafka, tmp_path, topics, [])


def a_monitor(stack: Stack, hours_after_noon: float = 0) -> AbstractContextManager[Process]:
    settings = {
        "WATCHKEEPER_KAFKA": stack.brokers,
        "WATCHKEEPER_DATA": str(stack.data),
        "WATCHKEEPER_EPOCH_SECONDS": "1",
    }
    start = NOON + timedelta(hours=hours_after_noon)
    names = [topic.name for topic in stack.topics]
    return running(SCRIPT, [start.isoformat(), *names], settings)


def test_a_silent_channel_is_told_and_a_backlog_after_a_kill_is_judged_in_its_own_time(
    stack: Stack,
) -> None:
    silence = {("channel-silence", "card")}
    with a_monitor(stack) as process:
        stack.minutes(0, 15, Channel.CARD, Channel.ONLINE)
        stack.minutes(15, 20, Channel.ONLINE)
        stack.decide()
        until(lambda: stack.raised() == silence, "the silence of one channel is told")
        process.kill()
        process.wait()
    stack.minutes(20, 30, Channel.CARD, Channel.ONLINE)
    stack.decide(Verdict.DECLINE)
    both = silence | {("decline-ratio-surge", name) for name in ("card", "online")}
    with a_monitor(stack, hours_after_noon=5) as process:
        until(lambda: stack.raised() >= both, "the declines in the backlog are told")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
    assert stack.raised() == both
    told = {alert.alert_id: alert for alert in stack.alerts()}
    assert len(told) == 3
    assert all(alert.raised_at < minute(31) for alert in told.values())


def test_a_scorer_that_stands_still_is_told_from_the_topics_alone(stack: Stack) -> None:
    with a_monitor(stack, hours_after_noon=0.5):
        stack.minutes(0, 10, Channel.CARD)
        until(lambda: stack.raised() == {("scoring-lag", "scoring")}, "the lag is told")
    (alert,) = {alert.alert_id: alert for alert in stack.alerts()}.values()
    assert alert.reasons == ("200 transactions wait for their decision, the oldest for 30m",)


def test_a_rule_that_hits_too_much_is_put_into_shadow_in_the_log_and_told(stack: Stack) -> None:
    rule = msgspec.structs.replace(RULE, breaker=Breaker(max_hits_per_hour=20))
    rule_set = RuleSet(rules=(rule,), policy=RULE_SET.policy)
    outbox = Outbox.to(stack.brokers)
    outbox.send(
        stack.topics[0],
        a_record(rule_set=rule_set.fingerprint(), document=pack(rule_set)),
        headers=[("kind", "rule-set")],
    )
    outbox.flush()
    with a_monitor(stack) as process:
        stack.minutes(0, 1, Channel.CARD)
        stack.decide(Verdict.REVIEW, (HIT,))
        stack.minutes(1, 2, Channel.CARD)
        stack.decide(Verdict.REVIEW, (HIT,))
        until(lambda: ("card-burst", "card-burst") in stack.raised(), "the trip is told")
        process.kill()
        process.wait()
    with a_monitor(stack):
        stack.minutes(2, 3, Channel.CARD)
        stack.decide(Verdict.REVIEW, (HIT,))
        until(lambda: len(stack.trips()) >= 1, "the trip stands in the log")
    assert {(trip.rule_id, trip.is_tripped, trip.since) for trip in stack.trips()} == {
        ("card-burst", True, None)
    }
    told = [alert for alert in stack.alerts() if alert.entity_kind == "rule"]
    assert len({alert.alert_id for alert in told}) == 1
    assert "where 20 are allowed" in told[0].reasons[0]


def test_a_topic_that_is_not_there_ends_the_process_with_an_error(stack: Stack) -> None:
    with a_monitor(Stack(stack.brokers, stack.data, (a_topic(),) * 4, [])) as process:
        assert process.wait(timeout=60) != 0
