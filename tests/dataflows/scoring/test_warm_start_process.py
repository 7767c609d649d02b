"""Warm start on a real broker and a real archive: under load, killed at the worst moments."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from pathlib import Path
from threading import Lock

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from data_contracts import codec
from data_contracts.control import ControlKind
from data_contracts.decision import Decision
from data_contracts.topics import DECISIONS, Topic
from data_contracts.transaction import Transaction
from dataflows.archiving.archiver import Archiver, Store
from dataflows.archiving.buffer import Patience
from dataflows.archiving.columns import Message
from dataflows.connectors import Logged, logged
from rules.features import naive
from rules.model import Aggregate
from rules.predicates import holds
from runtime.archive import Archive, Housekeeping
from tests.dataflows.scoring.logs import COUNT, HOUR_MS, Log, a_feature, a_rule_set, letters
from tests.dataflows.scoring.memory_warmer import MemoryWarmer
from tests.dataflows.scoring.stand import Stand, some_topics
from tests.factories import NOON, a_transaction
from tests.topics import messages_of
from tests.waiting import until

pytestmark = pytest.mark.servers

DAY_MS = 24 * HOUR_MS
MERCHANTS_30D = a_feature(
    "merchants_30d",
    aggregate=Aggregate.DISTINCT,
    of="merchant_id",
    window_ms=30 * DAY_MS,
    tile_ms=DAY_MS,
)
INFLOW_1H = a_feature(
    "inflow_1h",
    aggregate=Aggregate.SUM,
    of="amount_minor",
    by=("counterparty_id",),
    where="type = 'transfer' AND amount_minor > 100",
)
FEATURES = (COUNT, INFLOW_1H, MERCHANTS_30D)
NEW = {INFLOW_1H.name: "warming", MERCHANTS_30D.name: "warming"}
ARCHIVED, HISTORY, STEP = 1_000, 1_400, 40
SECONDS_MAX = 90.0


@dataclass
class Bank:
    """A scorer with a past, under load."""

    stand: Stand
    log: Log = field(default_factory=Log)
    numbers: "count[int]" = field(default_factory=count)

    def send(self, messages: int) -> None:
        """Write some more transactions; now and then a copy of an earlier one."""
        transactions = [
            _event(number) for _, number in zip(range(messages), self.numbers, strict=False)
        ]
        self._write([Logged(0, codec.encode(item)) for item in transactions])

    def publish(self, *features: str) -> None:
        """Take up the features with these names."""
        part = Log()
        part.publish(a_rule_set(features=[item for item in FEATURES if item.name in features]))
        self._write(part.messages)

    def _write(self, messages: Sequence[Logged]) -> None:
        self.stand.write(messages)
        self.read_log()

    def read_log(self) -> None:
        """Take what stands in the log by now, records of the scorer too."""
        start = len(self.log.messages)
        for message in _messages(self.stand, self.stand.topics.log, start):
            assert message.offset == len(self.log.messages)
            self.log.messages.append(message)

    def archive(self, positions: int) -> None:
        """Archive the decisions of the first positions."""
        found = _messages(self.stand, self.stand.topics.decisions, 0)
        wanted = [item for item in found if codec.decode(item.value, Decision).position < positions]
        archive = Archive.open(self.stand.data / "archive" / "transactions")
        store = Store(archive, Housekeeping.of(archive, NOON), Lock())
        ids = self.stand.data / "archive" / "ids"
        archiver = Archiver.open(store, 0, ids, Patience(longest=timedelta(seconds=5)))
        messages = [Message(item.offset, 0, item.value) for item in wanted]
        archiver.take(messages, wanted[-1].offset + 1, NOON)
        archiver.flush()

    def decisions(self) -> dict[int, Decision]:
        """What was decided, by position; whatever was sent twice was sent the same."""
        found: dict[int, bytes] = {}
        for message in _messages(self.stand, self.stand.topics.decisions, None):
            position = codec.decode(message.value, Decision).position
            assert found.setdefault(position, message.value) == message.value
        return {at: codec.decode(value, Decision) for at, value in found.items()}

    def switched_on(self) -> int | None:
        """The position from which all features are on."""
        kinds = [message.kind for message in self.log.messages]
        on = [at for at, kind in enumerate(kinds) if kind == ControlKind.FEATURE_WARM]
        return on[len(NEW) - 1] if len(on) >= len(NEW) else None

    def send_until_on(self) -> None:
        """Keep up the load until the records stand in the log."""

        def is_on() -> bool:
            self.send(STEP)
            return self.switched_on() is not None

        until(is_on, "the features are on", SECONDS_MAX)

    def send_until_decided(self) -> None:
        """A little more load, and wait until all of it is decided."""
        self.send(STEP)
        last = max(at for at, item in enumerate(self.log.messages) if item.kind is None)
        until(lambda: last in self.decisions(), "all is decided", SECONDS_MAX)


def _event(number: int) -> Transaction:
    at = NOON + timedelta(minutes=45 * min(number, HISTORY), seconds=number)
    return a_transaction(
        transaction_id=f"t-{number}",
        account_id=f"a-{number * number % 7}",
        counterparty_id=f"a-{number % 5}",
        merchant_id=f"m-{number * 31 % 211}",
        type="transfer" if number % 3 else "card_payment",
        amount_minor=1 + number * 7919 % 9000,
        occurred_at=at - timedelta(minutes=50 * (number % 17 == 3)),
        received_at=at,
    )


def _messages(stand: Stand, topic: Topic, start: int | None) -> list[Logged]:
    return [logged(message) for message in messages_of(stand.kafka, topic, start=start)]


@pytest.fixture
def bank(kafka: str, tmp_path: Path) -> Bank:
    stand = Stand(kafka, tmp_path / "data", some_topics(kafka))
    return Bank(stand.with_changes(WATCHKEEPER_WARMING_SHARE="1"))


def _begin(bank: Bank) -> None:
    bank.publish(COUNT.name)
    bank.send(HISTORY)
    bank.send_until_decided()
    bank.archive(ARCHIVED)
    bank.publish(COUNT.name, *NEW)
    bank.send(STEP)


def _check(bank: Bank) -> None:
    """Each decision is what the log alone says; and what is on is what the judge says."""
    bank.read_log()
    on_at, found = bank.switched_on(), bank.decisions()
    assert on_at is not None
    expected = letters(bank.log.batches(500), warmer=MemoryWarmer(bank.log))
    by_position = {
        decision.position: decision
        for letter in expected
        if letter.topic == DECISIONS
        for decision in [codec.decode(letter.value, Decision)]
    }
    assert {at: by_position[at] for at in found} == found
    ordered = [by_position[at] for at in sorted(by_position)]
    judged = naive.values(FEATURES, [item.transaction for item in ordered], holds)
    for decision, row in zip(ordered, judged, strict=True):
        if decision.position > on_at:
            known = {name: value for name, (value, _) in row.items() if value is not None}
            assert decision.features == known
            assert decision.flags == {}
        elif COUNT.name in decision.features and decision.flags:
            assert set(decision.flags) <= set(NEW)
    assert any(decision.flags == NEW for decision in ordered)
    assert ordered[-1].position > on_at
    assert ordered[-1].features[MERCHANTS_30D.name] != ordered[-1].features[COUNT.name]


def test_a_new_feature_of_thirty_days_is_right_from_its_record_on(kafka: str, bank: Bank) -> None:
    with bank.stand.scoring() as process:
        _begin(bank)
        process.terminate()
        assert process.wait(60) == 0
    _let_go(kafka, bank)  # Of what is archived: a log is not kept for thirty days.
    with bank.stand.scoring():
        bank.send_until_on()
        bank.send_until_decided()
    _check(bank)


def _let_go(kafka: str, bank: Bank) -> None:
    admin = AdminClient({"bootstrap.servers": kafka})
    for topic in (bank.stand.topics.log, bank.stand.topics.decisions):
        end = TopicPartition(topic.name, 0, ARCHIVED // 2)
        for deleted in admin.delete_records([end]).values():
            deleted.result(30)


@pytest.mark.parametrize("shards", [1, 2])
def test_killed_while_it_warms_and_after_the_record_it_decides_the_same(
    bank: Bank, shards: int
) -> None:
    bank.stand = bank.stand.with_changes(
        WATCHKEEPER_SCORING_SHARDS=str(shards), WATCHKEEPER_SCORING_WORKERS=str(shards)
    )
    with bank.stand.scoring() as process:
        _begin(bank)
        bank.send_until_decided()
        process.kill()
    with bank.stand.scoring() as process:
        bank.send_until_on()
        process.kill()
    with bank.stand.scoring():
        bank.send_until_decided()
    _check(bank)


def test_with_all_its_state_lost_it_decides_the_same_again(bank: Bank) -> None:
    with bank.stand.scoring() as process:
        _begin(bank)
        bank.send_until_on()
        bank.send_until_decided()
        process.kill()
    shutil.rmtree(bank.stand.data / "recovery")
    before = bank.stand.end_of(bank.stand.topics.decisions)
    with bank.stand.scoring():
        bank.send_until_decided()
    assert bank.stand.end_of(bank.stand.topics.decisions) >= 2 * before
    _check(bank)
