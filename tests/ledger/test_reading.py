import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import pytest

from data_contracts.codec import encode
from data_contracts.decision import ListHit, RuleHit, Severity, Verdict
from ledger.arrivals import parse_decision
from ledger.booking import outcome
from ledger.postgres import PostgresBooks
from ledger.reading import AccountMismatch, AsyncReader
from ledger.values import Account, Balance, Statement, Totals, Watermark
from runtime.postgres import async_pool
from tests.factories import NOON, TENANT, a_decision
from tests.ledger.arrivals import TOPIC, an_arrival, paid_in, post

pytestmark = pytest.mark.servers

Answer = TypeVar("Answer")
Question = Callable[[AsyncReader], Awaitable[Answer]]


@dataclass(frozen=True)
class Asker:
    """Asks a reader in an event loop of its own."""

    dsn: str

    def __call__(self, question: Question[Answer]) -> Answer:
        async def asked() -> Answer:
            async with async_pool(self.dsn, "test", size=2) as pool:
                return await question(AsyncReader(pool))

        return asyncio.run(asked())


@pytest.fixture
def books(database: str) -> Iterator[PostgresBooks]:
    books = PostgresBooks.at(database, "test")
    yield books
    books.close()


@pytest.fixture
def ask(database: str) -> Asker:
    return Asker(database)


def test_an_outcome_is_read_back_as_it_was_booked(books: PostgresBooks, ask: Asker) -> None:
    hit = RuleHit(
        rule_id="r", version=2, typology="t", severity=Severity.HIGH, score=60, reason='7 "é" \\ 1'
    )
    block = ListHit(list_id="blocked", field="card_token", reason="stolen\tcard")
    decision = a_decision(
        position=5, verdict=Verdict.REVIEW, score=60, rule_set="5" * 64, hits=(hit,), list_hit=block
    )
    (settlement,) = post(books, parse_decision(encode(decision), 0, NOON)).settlements

    natural_id = decision.transaction.transaction_id
    booked = ask(lambda reader: reader.outcome(TENANT, natural_id))
    assert booked == outcome(settlement)
    assert booked is not None
    assert (booked.hits, booked.list_hit) == ((hit,), block)
    assert ask(lambda reader: reader.outcome("other", natural_id)) is None


def test_a_balance_is_as_of_the_watermark(books: PostgresBooks, ask: Asker) -> None:
    post(books, paid_in(1, 100), an_arrival(2, Verdict.REVIEW, amount_minor=30))
    post(books, an_arrival(9, currency="CHF", amount_minor=5))

    assert ask(lambda reader: reader.balances(TENANT, "acc-1")) == (
        Statement(
            account_id="acc-1", currency="EUR", balance=Balance(100, 30, 1), as_of_position=9
        ),
        Statement(account_id="acc-1", currency="CHF", balance=Balance(-5, 0, 1), as_of_position=9),
    )
    assert ask(lambda reader: reader.balances(TENANT, "acc-2")) == ()


def test_an_account_is_registered_before_its_first_posting(
    books: PostgresBooks, ask: Asker
) -> None:
    account = Account(
        tenant=TENANT,
        account_id="acc-1",
        currency="EUR",
        customer_id="c-1",
        branch_id="b-1",
        may_go_negative=False,
    )
    assert ask(lambda reader: reader.register(account, NOON)) is True
    post(books, an_arrival(1))

    assert ask(lambda reader: reader.accounts(TENANT, ["acc-1", "acc-2"])) == {"acc-1": account}
    (statement,) = ask(lambda reader: reader.balances(TENANT, "acc-1"))
    assert statement.balance == Balance(0, 0, 0)


def test_an_account_that_opened_by_itself_gets_its_owner_later(
    books: PostgresBooks, ask: Asker
) -> None:
    post(books, an_arrival(1))
    account = Account(tenant=TENANT, account_id="acc-1", currency="EUR", customer_id="c-1")

    assert ask(lambda reader: reader.register(account, NOON)) is False
    assert ask(lambda reader: reader.accounts(TENANT, ["acc-1"])) == {"acc-1": account}


def test_the_currency_of_an_account_is_for_ever(books: PostgresBooks, ask: Asker) -> None:
    post(books, an_arrival(1))
    account = Account(tenant=TENANT, account_id="acc-1", currency="USD")

    with pytest.raises(AccountMismatch, match="acc-1"):
        ask(lambda reader: reader.register(account, NOON))


def test_totals_and_watermarks_are_told(books: PostgresBooks, ask: Asker) -> None:
    assert ask(AsyncReader.totals) == Totals()
    post(books, an_arrival(1), an_arrival(2, Verdict.DECLINE), an_arrival(3, transaction_id="at-1"))

    totals = ask(AsyncReader.totals)
    assert totals == Totals(posted=1, declined=1, duplicates=1)
    assert totals.decided == 2
    assert ask(AsyncReader.watermarks) == {(TOPIC, 0): Watermark(3, 4)}
