"""The census over a real broker, the stock over real stores, and waiting until all is drained."""

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest
from msgspec.structs import replace

from analytics.draining import Clock, NotDrained, Progress, wait_until_drained
from analytics.places import Places
from analytics.stocktaking import Report, take_stock
from casework.alerts import alert_of
from casework.ports import Filing
from casework.postgres import PostgresCasebook
from casework.values import FiledAlert, Watermark
from data_contracts import codec
from data_contracts.control import KIND_HEADER
from data_contracts.dead_letter import DeadLetter
from data_contracts.decision import Decision, Verdict
from data_contracts.topics import DECISIONS, REJECTED, TRANSACTIONS
from dataflows.archiving import columns
from dataflows.archiving.columns import Message
from runtime.archive import Archive, Mark
from runtime.kafka import Headers, Outbox
from runtime.migrations import upgrade
from runtime.postgres import Connection, connect
from tests.conftest import Databases
from tests.factories import a_decision, a_topic, a_transaction
from watchkeeper.stack.topics import make_topics

pytestmark = pytest.mark.servers

CLOCK = Clock(time.monotonic, threading.Event().wait)
OUTCOME = """
INSERT INTO ledger.outcomes (event_id, tenant, transaction_id, account_id, type, direction,
    amount_minor, currency, occurred_at, received_at, cell, position, verdict, score, rule_set,
    hits, status, payload_hash, decided_at, booked_at)
VALUES (%(event_id)s::uuid, 'demo', %(event_id)s::text, 'a', 'fee', 'debit', 1250, 'EUR', now(),
    now(), 0, %(position)s, 'approve', 0, '', '[]', %(status)s, decode(repeat('00', 16), 'hex'),
    now(), now())
"""
BOOKED = """
INSERT INTO ledger.watermarks VALUES (%(topic)s, 0, %(position)s, %(next_offset)s)
ON CONFLICT (topic, partition) DO UPDATE
    SET position = excluded.position, next_offset = excluded.next_offset
"""


@dataclass(slots=True)
class Bank:
    """Every process of a stack, played by hand."""

    places: Places
    connection: Connection
    outbox: Outbox
    sent: int = 0
    decided: int = 0
    rejected: int = 0

    def log(self, value: bytes, key: bytes = b"", headers: Headers | None = None) -> int:
        self.outbox.send(self.places.log, value, key, headers=headers)
        self.outbox.flush()
        self.sent += 1
        return self.sent - 1

    def decide(self, verdict: Verdict = Verdict.APPROVE) -> Decision:
        transaction = a_transaction()
        position = self.log(codec.encode(transaction), b"a key that says nothing")
        decision = a_decision(transaction=transaction, position=position, verdict=verdict)
        self.pass_on([decision])
        return decision

    def pass_on(self, decisions: Sequence[Decision]) -> None:
        for decision in decisions:
            key = UUID(decision.event_id).bytes
            self.outbox.send(self.places.decisions, codec.encode(decision), key)
        self.outbox.flush()
        self.decided += len(decisions)

    def reject(self, value: bytes) -> None:
        position = self.log(value)
        letter = DeadLetter(
            topic=self.places.log.name,
            partition=0,
            offset=position,
            code="not-json",
            pointer="",
            reason="",
            value=value,
            original_sha256="",
        )
        self.outbox.send(self.places.rejected, codec.encode(letter))
        self.outbox.flush()
        self.rejected += 1

    def book(self, decisions: Sequence[Decision], status: str = "posted") -> None:
        for decision in decisions:
            given = {"event_id": decision.event_id, "position": decision.position}
            self.connection.execute(OUTCOME, given | {"status": status})
        mark = {"position": self.highest(decisions), "next_offset": self.decided}
        self.connection.execute(BOOKED, {"topic": self.places.decisions.name, **mark})

    def archive(self, decisions: Sequence[Decision]) -> None:
        messages = [Message(0, 0, codec.encode(decision)) for decision in decisions]
        rows = columns.table(columns.read(messages))
        mark = Mark(self.highest(decisions), self.decided)
        assert Archive.open(self.places.archive).append(rows, 0, mark)

    def file(self, decisions: Sequence[Decision]) -> None:
        casebook = PostgresCasebook(self.connection)
        alerts = [FiledAlert(alert) for alert in map(alert_of, decisions) if alert is not None]
        topic, highest = self.places.decisions.name, self.highest(decisions)
        casebook.file(Filing(reached=Watermark(topic, 0, highest, self.decided), alerts=alerts))
        buried = Watermark(self.places.rejected.name, 0, -1, self.rejected)
        casebook.file(Filing(reached=buried))

    def apply(self, decisions: Sequence[Decision]) -> None:
        self.book(decisions)
        self.archive(decisions)
        self.file(decisions)

    def report(self) -> Report:
        return take_stock(self.places).report()

    @staticmethod
    def highest(decisions: Sequence[Decision]) -> int:
        return max((decision.position for decision in decisions), default=-1)


@pytest.fixture
def bank(kafka: str, databases: Databases, tmp_path: Path) -> Iterator[Bank]:
    with databases.fresh() as dsn, connect(dsn, "test") as connection:
        upgrade(dsn)
        places = Places(
            kafka=kafka,
            postgres=dsn,
            data=tmp_path,
            log=a_topic(TRANSACTIONS),
            decisions=a_topic(DECISIONS),
            rejected=a_topic(REJECTED),
        )
        make_topics(kafka, [places.log, places.decisions, places.rejected])
        yield Bank(places, connection, Outbox.to(kafka))


def test_an_empty_stack_is_drained_and_agrees(bank: Bank) -> None:
    wait_until_drained(bank.places, 20, CLOCK)

    report = bank.report()

    assert report.totals.accepted == 0
    assert (report.lost, report.duplicated) == (0, 0)


def test_everything_is_counted_by_id(bank: Bank) -> None:
    decisions = [bank.decide(), bank.decide(Verdict.REVIEW), bank.decide(Verdict.DECLINE)]
    bank.pass_on(decisions[1:])  # As a scorer does after a crash.
    bank.log(codec.encode(decisions[0].transaction))  # A copy, which the scorer drops.
    bank.log(b"{}", headers=[(KIND_HEADER, "rule-set")])
    bank.reject(b"{")
    bank.apply(decisions)

    wait_until_drained(bank.places, 20, CLOCK)
    report = bank.report()

    totals = report.totals
    assert (totals.accepted, totals.decided, totals.dead_letters) == (4, 3, 1)
    assert (totals.posted, totals.archived, totals.alerts, totals.duplicates) == (3, 3, 2, 1)
    assert [check.claim for check in report.checks if not check.holds] == []
    assert report.watermarks["log_end"] == {"0": 6}
    assert report.compared_until == {"0": 5}
    assert report.compared == dict.fromkeys(["accepted", "decided", "booked", "archived"], 3)


def test_the_census_goes_on_where_it_stopped(bank: Bank) -> None:
    first = [bank.decide(), bank.decide()]
    bank.apply(first)
    assert bank.report().totals.decided == 2
    (path,) = bank.places.census.glob(f"{bank.places.log.name}*")
    size = path.stat().st_size
    with path.open("ab") as file:
        file.write(b"half a record")

    second = [bank.decide()]
    bank.apply(second)
    totals = bank.report().totals

    assert (totals.accepted, totals.decided, totals.archived) == (3, 3, 3)
    assert path.stat().st_size == size // 2 * 3


def test_whatever_is_lost_or_changed_is_named(bank: Bank) -> None:
    decisions = [bank.decide() for _ in range(4)]
    bank.book(decisions[:2] + decisions[3:])
    other = replace(decisions[1], transaction=replace(decisions[1].transaction, amount_minor=7))
    bank.archive([other, *decisions[2:]])
    bank.file(decisions)

    report = bank.report()

    assert report.lost == 2
    named = {
        check.claim: [offender.event_id for offender in check.offenders]
        for check in report.checks
        if not check.holds
    }
    assert named == {
        "What was decided is in the books": [decisions[2].event_id],
        "What was decided is in the archive": [decisions[0].event_id],
        "An amount is the same in the books and in the archive": [other.event_id],
    }


def test_a_consumer_that_is_behind_is_waited_for_and_named(bank: Bank) -> None:
    decisions = [bank.decide() for _ in range(3)]
    bank.apply(decisions[:2])
    late = [bank.decide()]
    bank.book(decisions[2:] + late)
    bank.file(decisions[2:] + late)
    seen: list[Progress] = []

    with pytest.raises(NotDrained, match="archiving has 1 to apply"):
        wait_until_drained(bank.places, 0.5, CLOCK, seen.append)

    assert bank.report().watermarks["archiving"] == {"0": 1}
    bank.archive(late)
    wait_until_drained(bank.places, 20, CLOCK)
    assert seen[-1].left == {"posting": 0, "archiving": 1, "alerting": 0, "dead letters": 0}


def test_what_nobody_decides_is_waited_for(bank: Bank) -> None:
    bank.apply([bank.decide()])
    bank.log(codec.encode(a_transaction()))

    with pytest.raises(NotDrained, match="up to 1 positions of the log are not scored"):
        wait_until_drained(bank.places, 3, CLOCK)
