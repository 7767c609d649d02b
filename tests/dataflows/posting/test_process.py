import random
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from data_contracts import ids
from data_contracts.alert import Alert
from data_contracts.codec import encode
from data_contracts.dead_letter import DeadLetter
from data_contracts.decision import Decision, Verdict
from data_contracts.outcome import OutcomeStatus
from data_contracts.resolution import ResolutionKind
from data_contracts.topics import ALERTS, DECISIONS, REJECTED, RESOLUTIONS
from dataflows.posting.surroundings import Topics
from ledger.values import Totals
from runtime import migrations
from tests.conftest import Databases
from tests.dataflows.posting.workplace import Workplace
from tests.factories import TENANT, a_decision, a_topic, a_transaction
from tests.ledger.arrivals import a_resolution
from watchkeeper.stack.servers import postgres as postgres_server
from watchkeeper.stack.servers.ports import free_port
from watchkeeper.stack.servers.program import running
from watchkeeper.stack.topics import make_topics

pytestmark = pytest.mark.servers

PASSWORD = "only-for-tests"  # noqa: S105  (on loopback, for as long as the test lasts)


def some_topics(kafka: str, cells: int = 1) -> Topics:
    topics = Topics(
        decisions=a_topic(DECISIONS),
        resolutions=a_topic(RESOLUTIONS),
        rejected=a_topic(REJECTED),
        alerts=a_topic(ALERTS),
    )
    made = [topics.decisions, topics.resolutions, topics.rejected, topics.alerts]
    make_topics(kafka, made, cells)
    return topics


@pytest.fixture
def workplace(kafka: str, databases: Databases) -> Iterator[Workplace]:
    with databases.fresh() as dsn:
        migrations.upgrade(dsn, "ledger@head", rooms=["ledger"])
        yield Workplace(kafka, dsn, some_topics(kafka))


def decided(position: int, verdict: Verdict = Verdict.APPROVE, cell: int = 0) -> Decision:
    """A decision whose transaction has an id of its own, made from cell and position."""
    transaction = a_transaction(transaction_id=f"t-{cell}-{position}")
    return a_decision(cell=cell, position=position, verdict=verdict, transaction=transaction)


def test_decisions_are_booked_as_they_come(workplace: Workplace) -> None:
    decisions = workplace.topics.decisions
    with workplace.posting():
        workplace.send(
            decisions, [decided(0), decided(3, Verdict.REVIEW), decided(4, Verdict.DECLINE)]
        )
        workplace.wait_for(decisions, 3)
        workplace.send(decisions, [decided(5)])
        workplace.wait_for(decisions, 4)

    assert workplace.whole().totals == Totals(posted=2, held=1, declined=1)


def test_what_cannot_be_booked_is_put_aside_and_the_good_goes_on(workplace: Workplace) -> None:
    decisions = workplace.topics.decisions
    wrong = [b"", b"no decision", encode(decided(7, cell=9)), b'{"position":' + b"9" * 30 + b"}"]
    with workplace.posting():
        workplace.send(decisions, [decided(0), *wrong, decided(1)])
        workplace.wait_for(decisions, 6)
        letters = workplace.read(workplace.topics.rejected, DeadLetter, len(wrong))

    assert [letter.offset for letter in letters] == [1, 2, 3, 4]
    assert {letter.topic for letter in letters} == {decisions.name}
    assert letters[2].code == "cell"
    assert letters[1].value == b"no decision"
    assert workplace.whole().totals == Totals(posted=2)


def test_a_conflict_is_raised_as_an_alert(workplace: Workplace) -> None:
    decisions = workplace.topics.decisions
    other = a_transaction(transaction_id="t-0-0", amount_minor=1, account_id="acc-9")
    with workplace.posting():
        workplace.send(decisions, [decided(0), a_decision(position=1, transaction=other)])
        workplace.wait_for(decisions, 2)
        (alert,) = workplace.read(workplace.topics.alerts, Alert, 1)

    assert (alert.transaction_id, alert.entity, alert.position) == ("t-0-0", "acc-9", 1)
    assert workplace.whole().totals == Totals(posted=1, conflicts=1)


def test_what_a_scorer_sends_again_after_a_crash_is_dropped(workplace: Workplace) -> None:
    decisions = workplace.topics.decisions
    with workplace.posting():
        workplace.send(decisions, map(decided, range(20)))
        workplace.send(decisions, map(decided, range(12, 25)))
        workplace.wait_for(decisions, 33)

    assert workplace.whole().totals == Totals(posted=25)


def test_a_resolution_waits_for_the_decision_that_it_is_about(workplace: Workplace) -> None:
    topics = workplace.topics
    workplace.send(topics.resolutions, [a_resolution("t-0-1", ResolutionKind.POST)])
    workplace.send(topics.decisions, [decided(0), decided(1, Verdict.REVIEW)])
    with workplace.posting():
        workplace.wait_for(topics.resolutions, 1)

    whole = workplace.whole()
    event = ids.event_id(TENANT, "t-0-1")
    assert whole.resolved[event].resolution.kind is ResolutionKind.POST
    assert whole.outcomes[event].status is OutcomeStatus.HELD
    assert len(whole.transfers) == 2


def test_a_resolution_of_what_is_not_held_is_put_aside(workplace: Workplace) -> None:
    topics = workplace.topics
    workplace.send(topics.decisions, [decided(0), decided(1, Verdict.REVIEW)])
    ends = ("t-0-0", "never seen", "t-0-1")
    workplace.send(
        topics.resolutions, [a_resolution(name, ResolutionKind.RELEASE) for name in ends]
    )
    with workplace.posting():
        workplace.wait_for(topics.resolutions, 3)
        letters = workplace.read(topics.rejected, DeadLetter, 2)

    assert [letter.reason for letter in letters] == [
        "it is posted, not held",
        "the books do not know the event",
    ]
    assert workplace.whole().resolved.keys() == {ids.event_id(TENANT, "t-0-1")}


def test_each_cell_is_booked_by_its_own_watermark(kafka: str, databases: Databases) -> None:
    with databases.fresh() as dsn:
        migrations.upgrade(dsn, "ledger@head", rooms=["ledger"])
        workplace = Workplace(kafka, dsn, some_topics(kafka, cells=2), cells=2)
        decisions = workplace.topics.decisions
        with workplace.posting():
            workplace.send(
                decisions, [decided(position, cell=position % 2) for position in range(40)]
            )
            workplace.wait_for(decisions, 20, partition=0)
            workplace.wait_for(decisions, 20, partition=1)

        marks = workplace.whole().watermarks
        assert [marks[decisions.name, cell].position for cell in (0, 1)] == [38, 39]


def test_sigterm_ends_it_cleanly(workplace: Workplace) -> None:
    decisions = workplace.topics.decisions
    with workplace.posting() as posting:
        workplace.send(decisions, map(decided, range(10)))
        workplace.wait_for(decisions, 10)
        posting.send_signal(signal.SIGTERM)

        assert posting.wait(timeout=20) == 0


def test_sigterm_ends_it_cleanly_while_postgres_is_away_too(kafka: str) -> None:
    nowhere = f"postgresql://nobody@127.0.0.1:{free_port()}/books"
    with Workplace(kafka, nowhere, some_topics(kafka)).posting() as posting:
        with pytest.raises(subprocess.TimeoutExpired):
            posting.wait(timeout=5)
        posting.send_signal(signal.SIGTERM)

        assert posting.wait(timeout=20) == 0


def test_killed_at_any_moment_it_books_everything_once(workplace: Workplace) -> None:
    decisions, dice = workplace.topics.decisions, random.Random(7)  # noqa: S311  (a repeatable schedule)
    verdicts = [Verdict.APPROVE, Verdict.REVIEW, Verdict.DECLINE]
    for start in range(0, 10_000, 1_000):
        batch = [decided(start + number, dice.choice(verdicts)) for number in range(1_000)]
        workplace.send(decisions, [*batch, *batch[-100:]])
    sent, killed = 11_000, 0
    while workplace.next_offset(decisions) < sent:
        with workplace.posting() as posting:
            workplace.wait_for(decisions, min(sent, workplace.next_offset(decisions) + 1))
            with pytest.raises(subprocess.TimeoutExpired):
                posting.wait(timeout=dice.uniform(0, 0.1))
            posting.kill()
            killed += posting.wait() == -signal.SIGKILL

    assert killed >= 3
    whole = workplace.whole()
    assert sorted(outcome.position for outcome in whole.outcomes.values()) == list(range(10_000))
    assert whole.totals.decided == 10_000


def test_it_goes_on_by_itself_when_postgres_was_killed(kafka: str, tmp_path: Path) -> None:
    port, decided_so_far = free_port(), 0
    server = postgres_server.prepare(tmp_path / "postgres", port, PASSWORD)
    log = tmp_path / "postgres.log"
    with running(server, log) as first:
        workplace = Workplace(
            kafka, postgres_server.make_database(port, PASSWORD, "books"), some_topics(kafka)
        )
        migrations.upgrade(workplace.dsn, "ledger@head", rooms=["ledger"])
        with workplace.posting() as posting:
            decisions = workplace.topics.decisions
            for decided_so_far in (5_000, 10_000):
                workplace.send(
                    decisions, map(decided, range(decided_so_far - 5_000, decided_so_far))
                )
                workplace.wait_for(decisions, decided_so_far - 4_999)
            first.kill()
            first.wait()
            workplace.send(decisions, map(decided, range(decided_so_far, decided_so_far + 100)))
            again = postgres_server.prepare(tmp_path / "postgres", port, PASSWORD)
            with running(again, log):
                workplace.wait_for(decisions, decided_so_far + 100)
                assert posting.poll() is None
                assert workplace.whole().totals == Totals(posted=decided_so_far + 100)
