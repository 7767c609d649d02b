"""Any sequence of batches, redeliveries, conflicts, ends of holds and crashes.

Three ledgers see it: the store under test, its twin in memory, and a plain loop that knows nothing
of batches. They must agree, and every invariant must hold.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

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
from ledger.booking import event_of
from ledger.invariants import check
from ledger.memory import MemoryBooks
from ledger.postgres import PostgresBooks
from ledger.values import Arrival
from runtime.postgres import connect
from tests.ledger.arrivals import TOPIC, a_resolution, an_arrival, end, nobody_hears, post
from tests.ledger.fuses import Fuse, fused
from tests.ledger.stores import MemoryStore, PostgresStore, Store
from tests.ledger.whole_books import emptied

BOUNDED = ("acc-1", "acc-2")
ACCOUNTS = (*BOUNDED, "acc-3")
STATEMENTS_MAX = 16

requests = st.fixed_dictionaries(
    {
        "transaction_id": st.integers(1, 12).map("t-{}".format),
        "account_id": st.sampled_from(ACCOUNTS),
        "type": st.sampled_from([TransactionType.CASH_IN, TransactionType.CARD_PAYMENT]),
        "direction": st.sampled_from(Direction),
        "amount_minor": st.sampled_from([1, 5, 20]),
    }
)
moves = st.tuples(requests, st.sampled_from(Verdict))


@dataclass
class PlainBooks:
    """What must come of it, one transaction after the other, as a person would keep the books."""

    money: dict[str, int] = field(default_factory=dict)
    held: dict[str, int] = field(default_factory=dict)
    statuses: dict[str, str] = field(default_factory=dict)
    first: dict[str, Arrival] = field(default_factory=dict)

    def take(self, arrival: Arrival) -> None:
        transaction = arrival.decision.transaction
        if transaction.transaction_id in self.first:
            return
        self.first[transaction.transaction_id] = arrival
        self.statuses[transaction.transaction_id] = self._settle(arrival)

    def _settle(self, arrival: Arrival) -> str:
        transaction, verdict = arrival.decision.transaction, arrival.decision.verdict
        account, amount = transaction.account_id, transaction.amount_minor
        is_out = transaction.direction is Direction.DEBIT
        if verdict is Verdict.DECLINE:
            return "declined"
        left = self.money.get(account, 0) - self.held.get(account, 0)
        if is_out and account in BOUNDED and left < amount:
            return "refused"
        if verdict is Verdict.REVIEW:
            if is_out:
                self.held[account] = self.held.get(account, 0) + amount
            return "held"
        self._move(arrival)
        return "posted"

    def _move(self, arrival: Arrival) -> None:
        transaction = arrival.decision.transaction
        sign = -1 if transaction.direction is Direction.DEBIT else 1
        account = transaction.account_id
        self.money[account] = self.money.get(account, 0) + sign * transaction.amount_minor

    def end(self, transaction_id: str, kind: ResolutionKind) -> None:
        arrival = self.first[transaction_id]
        transaction = arrival.decision.transaction
        if transaction.direction is Direction.DEBIT:
            self.held[transaction.account_id] -= transaction.amount_minor
        if kind is ResolutionKind.POST:
            self._move(arrival)


class Sequences(RuleBasedStateMachine):
    """Feeds all three."""

    def __init__(self, store: Store, fuse: Fuse) -> None:
        super().__init__()
        self.store, self.fuse = store, fuse
        self.twin, self.plain = MemoryStore(MemoryBooks()), PlainBooks()
        self.log: list[Arrival] = []
        self.ended: dict[str, ResolutionKind] = {}
        self.ends = 0

    @initialize()
    def register(self) -> None:
        for account in BOUNDED:
            self.store.bound(account)
            self.twin.bound(account)

    @rule(new=st.lists(moves, min_size=1, max_size=8), again=st.integers(0, 4))
    def deliver(self, new: list[tuple[dict[str, object], Verdict]], again: int) -> None:
        """A batch, that may begin with some that came before."""
        repeated = self.log[len(self.log) - again :] if again else []
        fresh = [
            an_arrival(len(self.log) + number, verdict, **request)
            for number, (request, verdict) in enumerate(new)
        ]
        self.log += fresh
        for arrival in fresh:
            self.plain.take(arrival)
        self._post(*repeated, *fresh)

    @precondition(lambda self: self.log)
    @rule(first=st.integers(0, 50), count=st.integers(1, 20))
    def deliver_again(self, first: int, count: int) -> None:
        begin = first % len(self.log)
        self._post(*self.log[begin : begin + count])

    @rule(statements=st.integers(0, STATEMENTS_MAX))
    def crash_in(self, statements: int) -> None:
        """The next batch breaks at one of its statements, and is delivered again."""
        self.fuse.statements_left = statements

    @precondition(lambda self: self._held())
    @rule(which=st.integers(0, 50), kind=st.sampled_from(ResolutionKind))
    def end_a_hold(self, which: int, kind: ResolutionKind) -> None:
        held = self._held()
        transaction = held[which % len(held)]
        if transaction not in self.ended:
            self.ended[transaction] = kind
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
        post(self.twin.books, *arrivals)
        self._until_done(lambda: post(self.store.books, *arrivals, hear=nobody_hears))

    def _until_done(self, work: Callable[[], object]) -> None:
        try:
            work()
        except psycopg.OperationalError:
            work()

    def teardown(self) -> None:
        self.fuse.statements_left = None
        whole = self.store.whole()
        assert whole == self.twin.whole()
        self._agrees_with_the_plain_books(whole)
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


@pytest.mark.servers
def test_any_sequence_with_crashes_in_it_gives_the_same_in_postgres(database: str) -> None:
    fuse = Fuse()

    class Here(InPostgres):
        def __init__(self) -> None:
            emptied(database)
            super().__init__(database, fuse)

    run_state_machine_as_test(Here, settings=settings(SETTINGS, max_examples=40))

    assert fuse.blown > 0
