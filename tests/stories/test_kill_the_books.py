"""kill -9 of Postgres, of posting, and of both, ten times at random moments under load."""

import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from subprocess import Popen
from threading import Event
from time import monotonic

import psutil
import pytest

from data_contracts.codec import encode
from data_contracts.decision import Decision, Verdict
from data_contracts.ids import event_id
from data_contracts.outcome import OutcomeStatus
from data_contracts.resolution import ResolutionKind
from data_contracts.topics import ALERTS, DECISIONS, REJECTED, RESOLUTIONS
from dataflows.posting.surroundings import Topics
from ledger.postgres import PostgresBooks
from runtime import migrations
from runtime.kafka import Outbox
from tests.dataflows.posting.workplace import Workplace
from tests.factories import TENANT, a_decision, a_topic, a_transaction
from tests.ledger.arrivals import a_resolution
from tests.ledger.stores import PostgresStore
from tests.processes import Process
from tests.waiting import SECONDS_MAX
from watchkeeper.stack.servers import postgres as postgres_server
from watchkeeper.stack.servers.ports import free_port
from watchkeeper.stack.servers.program import running
from watchkeeper.stack.topics import make_topics

pytestmark = pytest.mark.stack

SEED = 20_261_122
PER_SECOND, BATCH = 2_000, 100
PASSWORD = "only-for-tests"  # noqa: S105  (on loopback, for as long as the test lasts)
ACCOUNTS, BOUNDED = 5_000, 500
VERDICTS = [*[Verdict.APPROVE] * 8, Verdict.REVIEW, Verdict.DECLINE]


@dataclass
class Victim:
    """A program that is killed without warning and started again."""

    start: Callable[[], AbstractContextManager[Popen[bytes] | Process]]
    _life: ExitStack = field(default_factory=ExitStack)

    def __post_init__(self) -> None:
        self.process = self._life.enter_context(self.start())

    def kill(self) -> None:
        children = psutil.Process(self.process.pid).children(recursive=True)
        self.process.kill()
        self.process.wait()
        # A server does not begin while what the old one was doing goes on.
        _, alive = psutil.wait_procs(children, timeout=SECONDS_MAX)
        assert not alive
        self.close()
        self.process = self._life.enter_context(self.start())

    def close(self) -> None:
        self._life.close()


@dataclass
class Sender:
    """Sends decisions at an even rate until told to stop; what the broker has taken is counted."""

    workplace: Workplace
    dice: random.Random
    stopped: Event = field(default_factory=Event)
    acknowledged: int = 0
    held: list[str] = field(default_factory=list)

    @contextmanager
    def sending(self) -> Iterator[None]:
        """For as long as the block lasts; ends with what went wrong."""
        with ThreadPoolExecutor(1) as thread:
            run = thread.submit(self.run)
            try:
                yield
            finally:
                self.stopped.set()
            run.result()

    def run(self) -> None:
        outbox, due = Outbox.to(self.workplace.kafka), monotonic()
        while not self.stopped.wait(max(0.0, due - monotonic())):
            for position in range(self.acknowledged, self.acknowledged + BATCH):
                decision = encode(self._decided(position))
                outbox.send(self.workplace.topics.decisions, decision, partition=0)
            outbox.flush()
            self.acknowledged += BATCH
            due += BATCH / PER_SECOND

    def _decided(self, position: int) -> Decision:
        verdict = self.dice.choice(VERDICTS)
        if verdict is Verdict.REVIEW:
            self.held.append(f"t-{position}")
        transaction = a_transaction(
            transaction_id=f"t-{position}", account_id=f"acc-{self.dice.randrange(ACCOUNTS)}"
        )
        return a_decision(position=position, verdict=verdict, transaction=transaction)


@contextmanager
def books(folder: Path) -> Iterator[tuple[str, Victim]]:
    """A durable Postgres with empty books in it."""
    port, log = free_port(), folder / "postgres.log"
    # Once, as the stack does: it gives the folder to whom it runs as, under which others still run.
    program = postgres_server.prepare(folder / "postgres", port, PASSWORD)
    server = Victim(partial(running, program, log))
    try:
        dsn = postgres_server.make_database(port, PASSWORD, "books")
        migrations.upgrade(dsn, "ledger@head", rooms=["ledger"])
        yield dsn, server
    finally:
        server.close()


def with_bounds(dsn: str) -> None:
    """Some accounts that may not go below nought, and have nothing: what they pay is refused."""
    with closing(PostgresBooks.at(dsn, "test")) as writer:
        store = PostgresStore(writer, dsn)
        for number in range(BOUNDED):
            store.bound(f"acc-{number}")


def some_topics(kafka: str) -> Topics:
    topics = Topics(
        decisions=a_topic(DECISIONS),
        resolutions=a_topic(RESOLUTIONS),
        rejected=a_topic(REJECTED),
        alerts=a_topic(ALERTS),
    )
    made = [topics.decisions, topics.resolutions, topics.rejected, topics.alerts]
    make_topics(kafka, made, 1)
    return topics


def test_what_was_acknowledged_is_booked_once_whoever_is_killed(kafka: str, tmp_path: Path) -> None:
    dice = random.Random(SEED)  # noqa: S311  (a repeatable schedule)
    ended: list[str] = []
    with books(tmp_path) as (dsn, server):
        with_bounds(dsn)
        workplace = Workplace(kafka, dsn, some_topics(kafka))
        decisions, resolutions = workplace.topics.decisions, workplace.topics.resolutions
        sender = Sender(workplace, random.Random(SEED))  # noqa: S311
        with closing(Victim(workplace.posting)) as posting:
            with sender.sending():
                workplace.wait_for(decisions, 1)
                rounds = [(server,), (posting,)] * 4 + [(server, posting), (posting, server)]
                dice.shuffle(rounds)
                for victims in rounds:
                    held, sender.held = sender.held, []
                    ended += held
                    ends = [a_resolution(each, dice.choice([*ResolutionKind])) for each in held]
                    workplace.send(resolutions, ends)
                    sender.stopped.wait(dice.uniform(0, 1))
                    for victim in victims:
                        victim.kill()
            workplace.wait_for(decisions, sender.acknowledged)
            workplace.wait_for(resolutions, len(ended))
        whole = workplace.whole()

    booked = sorted(outcome.position for outcome in whole.outcomes.values())
    assert booked == list(range(sender.acknowledged))
    assert {each.status for each in whole.outcomes.values()} == {*OutcomeStatus}
    assert whole.resolved.keys() == {event_id(TENANT, each) for each in ended} & whole.holds.keys()
    assert (whole.totals.decided, whole.totals.duplicates) == (sender.acknowledged, 0)
