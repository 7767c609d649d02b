"""Cached books whose balance counts what was booked: its version says how old a balance is."""

from dataclasses import dataclass, field

from api.cached_books import CachedBooks
from api.memory import MemoryBalances, MemoryBooks
from api.metrics import Metrics
from data_contracts.decision import Verdict
from data_contracts.ids import event_id
from data_contracts.outcome import OutcomeStatus
from data_contracts.transaction import Direction, TransactionType
from ledger.cached import balance_key
from ledger.values import Account, Balance, Outcome, Statement
from tests.factories import NOON

TENANT, ACCOUNT = "demo", "acc-1"
KEY = balance_key(TENANT, ACCOUNT)
ACCOUNT_VALUE = Account(tenant=TENANT, account_id=ACCOUNT, currency="EUR")


@dataclass
class Counter:
    """A cached view on books whose balance counts the transactions booked."""

    seconds: float = 0.0
    books: MemoryBooks = field(default_factory=MemoryBooks)
    metrics: Metrics = field(default_factory=Metrics)
    cache: MemoryBalances = field(init=False)
    cached: CachedBooks = field(init=False)

    def __post_init__(self) -> None:
        self.cache = MemoryBalances(lambda: self.seconds)
        self.cached = CachedBooks(self.books, self.cache, self.metrics, lambda: self.seconds)
        self.book()

    def book(self) -> None:
        """One more; its outcome is `t` at the position of the balance's version."""
        before = self.books.statements.get((TENANT, ACCOUNT))
        version = before[0].balance.version + 1 if before else 1
        self.books.statements[TENANT, ACCOUNT] = (a_statement(version),)
        self.books.outcomes[TENANT, "t"] = an_outcome(version)

    async def version(self) -> int:
        """As the cached books tell it."""
        (found,) = await self.cached.balances(TENANT, ACCOUNT)
        return found.balance.version

    def reads(self, source: str) -> float:
        name = "watchkeeper_api_balance_reads_total"
        return self.metrics.registry.get_sample_value(name, {"source": source}) or 0.0


def a_statement(version: int) -> Statement:
    balance = Balance(posted=version * 10, held=0, version=version)
    return Statement(account_id=ACCOUNT, currency="EUR", balance=balance, as_of_position=version)


def an_outcome(position: int) -> Outcome:
    return Outcome(
        event_id=event_id(TENANT, "t"),
        tenant=TENANT,
        transaction_id="t",
        account_id=ACCOUNT,
        type=TransactionType.CARD_PAYMENT,
        direction=Direction.DEBIT,
        amount_minor=10,
        currency="EUR",
        occurred_at=NOON,
        received_at=NOON,
        cell=0,
        position=position,
        verdict=Verdict.APPROVE,
        score=0,
        rule_set="",
        status=OutcomeStatus.POSTED,
        payload_hash=b"0" * 16,
        decided_at=NOON,
        booked_at=NOON,
    )
