"""Any sequence of batches, redeliveries, conflicts, corrections, ends of holds, bounds and crashes.

Three ledgers see it: the store under test, its twin in memory, and a plain loop that knows nothing
of batches. They must agree, and every invariant must hold.
"""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

import hypothesis.strategies as st
import psycopg
import pytest
from hypothesis import settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from data_contracts.decision import Verdict
from data_contracts.outcome import OutcomeStatus
from data_contracts.resolution import ResolutionKind
from data_contracts.transaction import Direction, TransactionType
from ledger.invariants import check
from ledger.memory import MemoryBooks
from ledger.page import event_of
from ledger.postgres import PostgresBooks
from ledger.values import Arrival, CorrectionEffect, Expiry
from runtime.postgres import connect
from tests.factories import NOON
from tests.ledger.arrivals import TOPIC, a_batch, a_resolution, an_arrival, end, nobody_hears
from tests.ledger.fuses import Fuse, fused
from tests.ledger.plain_books import BOUNDED, CORRECTING, PlainBooks
from tests.ledger.stores import MemoryStore, PostgresStore, Store
from tests.ledger.whole_books import emptied

ACCOUNTS = (*BOUNDED, "acc-3")
STATEMENTS_MAX = 22
BREAKS_MAX = 2

EVERYTHING = {*CorrectionEffect, *ResolutionKind, "conflicts"}

verdicts = st.sampled_from([Verdict.APPROVE, Verdict.APPROVE, Verdict.REVIEW, Verdict.DECLINE])
requests = st.fixed_dictionaries(
    {
        "account_id": st.sampled_from(ACCOUNTS),
        "type": st.sampled_from([TransactionType.CASH_IN, TransactionType.CARD_PAYMENT]),
        "direction": st.sampled_from(Direction),
        "amount_minor": st.sampled_from([1, 5, 20]),
    }
)
# Some come under an id that has been there: another payload is then a conflict.
moves = st.tuples(requests, verdicts, st.sampled_from([None] * 5 + [0, 3, 7]))


@dataclass(frozen=True)
class Correcting:
    """Which of those before it corrects, counted from the end of the log, and how well it fits."""

    type: TransactionType
    back: int
    amount_minor: int | None
    is_askew: bool
    verdict: Verdict


corrections = st.builds(
    Correcting,
    type=st.sampled_from(CORRECTING),
    back=st.integers(0, 6),
    amount_minor=st.sampled_from([None, None, 1, 5]),
    is_askew=st.sampled_from([False] * 5 + [True]),
    verdict=verdicts,
)


class Sequences(RuleBasedStateMachine):
    """Feeds all three."""

    reached: ClassVar[Counter[str]] = Counter()

    def __init__(self, store: Store, fuse: Fuse) -> None:
        super().__init__()
        self.store, self.fuse = store, fuse
        self.twin, self.plain = MemoryStore(MemoryBooks()), PlainBooks()
        self.log: list[Arrival] = []
        self.ends, self.now = 0, NOON
        self.held_since: dict[str, datetime] = {}

    @initialize()
    def register(self) -> None:
        for account in BOUNDED:
            self.store.bound(account)
            self.twin.bound(account)

    @rule(new=st.lists(moves, min_size=1, max_size=8), again=st.integers(0, 4))
    def deliver(self, new: list[tuple[dict[str, object], Verdict, int | None]], again: int) -> None:
        """A batch, that may begin with some that came before."""
        repeated = self.log[len(self.log) - again :] if again else []
        fresh: list[Arrival] = []
        for request, verdict, reused in new:
            position = len(self.log) + len(fresh)
            name = f"at-{position if reused is None else reused}"
            fresh.append(an_arrival(position, verdict, transaction_id=name, **request))
        self._post(*repeated, *self._logged(fresh))

    @precondition(lambda self: self.log)
    @rule(new=st.lists(corrections, min_size=1, max_size=4))
    def correct(self, new: list[Correcting]) -> None:
        """Reversals and the like, most of them such that they fit what came before."""
        fresh = [self._correction(len(self.log) + i, each) for i, each in enumerate(new)]
        self._post(*self._logged(fresh))

    def _correction(self, position: int, wish: Correcting) -> Arrival:
        original = self.log[-1 - wish.back % len(self.log)].decision.transaction
        turned = {Direction.DEBIT: Direction.CREDIT, Direction.CREDIT: Direction.DEBIT}
        return an_arrival(
            position,
            wish.verdict,
            type=wish.type,
            account_id=original.account_id,
            direction=original.direction if wish.is_askew else turned[original.direction],
            amount_minor=wish.amount_minor or original.amount_minor,
            original_transaction_id=original.transaction_id,
        )

    def _logged(self, fresh: list[Arrival]) -> list[Arrival]:
        self.now += timedelta(minutes=1)
        self.log += fresh
        for arrival in fresh:
            self.plain.take(arrival)
        for name in self._held():
            self.held_since.setdefault(name, self.now)
        return fresh

    @precondition(lambda self: self._held())
    @rule(minutes=st.integers(0, 5))
    def expire(self, minutes: int) -> None:
        """What is older than that is given back."""
        self.now += timedelta(minutes=1)
        expiry = Expiry(
            before=self.now - timedelta(minutes=minutes), reason="too old", booked_at=self.now
        )
        for name in self._held():
            if self.held_since[name] < expiry.before:
                self.plain.end(name, ResolutionKind.EXPIRE)
        self.twin.books.expire(expiry)
        self._until_done(lambda: self.store.books.expire(expiry))

    @precondition(lambda self: self.log)
    @rule(first=st.integers(0, 50), count=st.integers(1, 20))
    def deliver_again(self, first: int, count: int) -> None:
        begin = first % len(self.log)
        self._post(*self.log[begin : begin + count])

    @rule(statements=st.integers(0, STATEMENTS_MAX))
    def crash_in(self, statements: int) -> None:
        """The next batch breaks at one of its statements, and is delivered again."""
        self.fuse.statements_left = statements

    @rule()
    def lose_an_answer(self) -> None:
        """The next batch is committed, the writer hears nothing of it, and it comes again."""
        self.fuse.is_deaf = True

    @rule(account=st.sampled_from(ACCOUNTS))
    def change_a_bound(self, account: str) -> None:
        """It counts for the batches that come after it, whatever is held or owed by then."""
        self.plain.bounded ^= {account}
        may_go_negative = account not in self.plain.bounded
        self.twin.bound(account, may_go_negative=may_go_negative)
        self.store.bound(account, may_go_negative=may_go_negative)

    @precondition(lambda self: self._held())
    @rule(which=st.integers(0, 50), kind=st.sampled_from(ResolutionKind))
    def end_a_hold(self, which: int, kind: ResolutionKind) -> None:
        held = self._held()
        transaction = held[which % len(held)]
        self.plain.end(transaction, kind)
        self.ends += 1
        resolution = a_resolution(transaction, kind)
        assert self.twin.books.statuses([event_of(resolution)]) == {
            event_of(resolution): OutcomeStatus.HELD
        }
        end(self.twin.books, resolution, next_offset=self.ends)
        self._until_done(lambda: end(self.store.books, resolution, next_offset=self.ends))

    def _held(self) -> list[str]:
        return [name for name, status in self.plain.statuses.items() if status == "held"]

    def _post(self, *arrivals: Arrival) -> None:
        batch = a_batch(arrivals, booked_at=self.now)
        self.twin.books.post(batch, nobody_hears)
        self._until_done(lambda: self.store.books.post(batch, nobody_hears))

    def _until_done(self, work: Callable[[], object]) -> None:
        for _ in range(BREAKS_MAX):
            with suppress(psycopg.OperationalError):
                work()
                return
        work()

    def teardown(self) -> None:
        self.fuse.statements_left, self.fuse.is_deaf = None, False
        whole = self.store.whole()
        assert whole == self.twin.whole()
        self._agrees_with_the_plain_books(whole)
        self.reached.update(each.effect for each in whole.corrections.values())
        self.reached.update(each.resolution.kind for each in whole.resolved.values())
        self.reached["conflicts"] += len(whole.conflicts)
        super().teardown()

    def _agrees_with_the_plain_books(self, whole: MemoryBooks) -> None:
        statuses = {each.transaction_id: each.status for each in whole.outcomes.values()}
        assert statuses == self.plain.statuses
        for account in ACCOUNTS:
            balances = [b for key, b in whole.balances.items() if key.account_id == account]
            assert sum(balance.posted for balance in balances) == self.plain.money.get(account, 0)
            assert sum(balance.held for balance in balances) == self.plain.held.get(account, 0)
        if self.log:
            assert whole.watermarks[TOPIC, 0].position == len(self.log) - 1


SETTINGS = settings(deadline=None, stateful_step_count=20)


class InMemory(Sequences):
    """The twin against the plain books."""

    def __init__(self) -> None:
        super().__init__(MemoryStore(MemoryBooks()), Fuse())


class InPostgres(Sequences):
    """Postgres against both, with crashes; every invariant holds afterwards."""

    def __init__(self, dsn: str, fuse: Fuse) -> None:
        self.dsn, self.postgres = dsn, PostgresBooks(lambda: fused(dsn, fuse))
        super().__init__(PostgresStore(self.postgres, dsn), fuse)

    def teardown(self) -> None:
        super().teardown()
        self.postgres.close()
        with connect(self.dsn, "check") as connection:
            assert not [finding for finding in check(connection) if not finding.holds]


def test_any_sequence_gives_what_a_person_would_have_booked() -> None:
    run_state_machine_as_test(InMemory, settings=settings(SETTINGS, max_examples=100))


def test_such_sequences_reach_every_effect() -> None:
    class Here(InMemory):
        reached: ClassVar[Counter[str]] = Counter()

    always_the_same = settings(SETTINGS, max_examples=100, derandomize=True)
    run_state_machine_as_test(Here, settings=always_the_same)

    assert Here.reached.keys() == EVERYTHING


@pytest.mark.servers
def test_any_sequence_with_crashes_in_it_gives_the_same_in_postgres(database: str) -> None:
    fuse = Fuse()

    class Here(InPostgres):
        def __init__(self) -> None:
            emptied(database)
            super().__init__(database, fuse)

    run_state_machine_as_test(Here, settings=settings(SETTINGS, max_examples=30))

    assert fuse.blown > 0
    assert fuse.unheard > 0
