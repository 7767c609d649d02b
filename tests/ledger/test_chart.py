import itertools

import pytest

from data_contracts.transaction import Channel, Direction, TransactionType
from ledger import chart
from ledger.chart import CARD_SETTLEMENT, CASH, FEES, POSITION, SUSPENSE, contra, opened, sides
from ledger.values import AccountKind, BookKey
from tests.factories import TENANT, a_transaction


@pytest.mark.parametrize(
    ("kind", "account"),
    [
        (TransactionType.CARD_PAYMENT, CARD_SETTLEMENT),
        (TransactionType.REFUND, CARD_SETTLEMENT),
        (TransactionType.CHARGEBACK, CARD_SETTLEMENT),
        (TransactionType.TRANSFER, "bank clearing sepa"),
        (TransactionType.CASH_IN, CASH),
        (TransactionType.CASH_OUT, CASH),
        (TransactionType.FEE, FEES),
    ],
)
def test_each_type_has_its_account_of_the_bank(kind: TransactionType, account: str) -> None:
    assert contra(a_transaction(type=kind, channel=Channel.BRANCH)).account_id == account


@pytest.mark.parametrize(
    ("channel", "account"),
    [
        (Channel.CARD, CARD_SETTLEMENT),
        (Channel.ATM, CASH),
        (Channel.BRANCH, CASH),
        (Channel.ONLINE, "bank clearing sepa"),
        (Channel.MOBILE, "bank clearing sepa"),
        (Channel.API, SUSPENSE),
    ],
)
def test_a_reversal_goes_back_the_way_it_came(channel: Channel, account: str) -> None:
    assert (
        contra(a_transaction(type=TransactionType.REVERSAL, channel=channel)).account_id == account
    )


def test_a_transfer_to_oneself_is_an_exchange_over_the_banks_position() -> None:
    out = a_transaction(type=TransactionType.TRANSFER, counterparty_id="acc-1")
    back = a_transaction(
        type=TransactionType.TRANSFER,
        counterparty_id="acc-1",
        currency="USD",
        direction=Direction.CREDIT,
    )

    assert sides(out) == (BookKey(TENANT, "acc-1", "EUR"), BookKey(TENANT, POSITION, "EUR"))
    assert sides(back) == (BookKey(TENANT, POSITION, "USD"), BookKey(TENANT, "acc-1", "USD"))


def test_transfers_are_cleared_by_the_scheme_of_their_currency() -> None:
    names = [chart.clearing(currency) for currency in ("EUR", "GBP", "USD", "CHF", "THB", "BRL")]
    assert names == [
        "bank clearing sepa",
        "bank clearing faster payments",
        "bank clearing ach",
        "bank clearing sic",
        "bank clearing correspondents",
        "bank clearing correspondents",
    ]


@pytest.mark.parametrize("kind", TransactionType)
def test_the_direction_says_who_is_debited(kind: TransactionType) -> None:
    debit, credit = sides(a_transaction(type=kind, direction=Direction.DEBIT))
    back = sides(a_transaction(type=kind, direction=Direction.CREDIT))

    assert debit == BookKey(TENANT, "acc-1", "EUR")
    assert back == (credit, debit)


def test_no_customer_can_be_named_like_an_account_of_the_bank() -> None:
    # The door refuses a space in any identifier.
    own = {
        contra(a_transaction(type=kind, channel=channel, currency=currency)).account_id
        for kind, channel, currency in itertools.product(TransactionType, Channel, ("EUR", "THB"))
    }
    assert all(chart.is_own(account) for account in own)
    assert not chart.is_own("acc-1")


def test_the_banks_own_accounts_open_on_their_side_of_the_balance_sheet() -> None:
    kinds = {
        account: opened(BookKey(TENANT, account, "EUR")).kind
        for account in (
            CARD_SETTLEMENT,
            CASH,
            FEES,
            SUSPENSE,
            POSITION,
            chart.clearing("EUR"),
            "acc-1",
        )
    }
    assert kinds == {
        CARD_SETTLEMENT: AccountKind.LIABILITY,
        CASH: AccountKind.ASSET,
        FEES: AccountKind.INCOME,
        SUSPENSE: AccountKind.LIABILITY,
        POSITION: AccountKind.ASSET,
        "bank clearing sepa": AccountKind.ASSET,
        "acc-1": AccountKind.LIABILITY,
    }
