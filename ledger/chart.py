"""The chart of accounts: which of the bank's own accounts stands against a customer's.

The bank's own accounts bear a space in their name. No identifier from outside may hold one, so
nobody can send a transaction on them.

No transfer crosses currencies. A customer who exchanges money transfers it from one currency of
their account to another: two transactions, each with the account itself as counterparty, each
against the bank's position in its currency. The rate is what the two amounts say.
"""

from functools import lru_cache
from sys import intern
from typing import assert_never

from data_contracts.transaction import Channel, Direction, Transaction, TransactionType
from ledger.values import Account, AccountKind, BookKey

CARD_SETTLEMENT = "bank card settlement"
CASH = "bank cash"
FEES = "bank fees"
SUSPENSE = "bank suspense"
POSITION = "bank position"
CLEARING = "bank clearing {scheme}"

# Where a bank settles transfers in its own currency; the rest goes through correspondents.
SCHEMES = {"EUR": "sepa", "GBP": "faster payments", "USD": "ach", "CHF": "sic"}
OTHER_SCHEME = "correspondents"

_KINDS = {
    CARD_SETTLEMENT: AccountKind.LIABILITY,
    CASH: AccountKind.ASSET,
    FEES: AccountKind.INCOME,
    SUSPENSE: AccountKind.LIABILITY,
    POSITION: AccountKind.ASSET,
}


def clearing(currency: str) -> str:
    """The clearing account of the scheme that settles transfers in a currency."""
    return CLEARING.format(scheme=SCHEMES.get(currency, OTHER_SCHEME))


def contra(transaction: Transaction) -> BookKey:
    """The bank's own account that takes the other side of a customer's movement."""
    tenant, currency, kind = transaction.tenant, transaction.currency, transaction.type
    if kind is TransactionType.TRANSFER and transaction.counterparty_id == transaction.account_id:
        return _own(tenant, POSITION, currency)
    return _contra(tenant, currency, kind, transaction.channel)


@lru_cache(maxsize=1_024)
def _own(tenant: str, name: str, currency: str) -> BookKey:
    # One copy of these words is enough for all that is remembered.
    return BookKey(intern(tenant), name, intern(currency))


@lru_cache(maxsize=4_096)
def _contra(tenant: str, currency: str, kind: TransactionType, channel: Channel) -> BookKey:
    return _own(tenant, _contra_name(kind, channel, currency), currency)


def _contra_name(kind: TransactionType, channel: Channel, currency: str) -> str:
    match kind:
        case TransactionType.CARD_PAYMENT | TransactionType.REFUND | TransactionType.CHARGEBACK:
            return CARD_SETTLEMENT
        case TransactionType.TRANSFER:
            return clearing(currency)
        case TransactionType.CASH_IN | TransactionType.CASH_OUT:
            return CASH
        case TransactionType.FEE:
            return FEES
        case TransactionType.REVERSAL:
            return _contra_of_reversal(channel, currency)
    assert_never(kind)


def _contra_of_reversal(channel: Channel, currency: str) -> str:
    # The money goes back the way that it came by: the channel says which.
    match channel:
        case Channel.CARD:
            return CARD_SETTLEMENT
        case Channel.ATM | Channel.BRANCH:
            return CASH
        case Channel.ONLINE | Channel.MOBILE:
            return clearing(currency)
        case Channel.API:
            return SUSPENSE
    assert_never(channel)


def sides(transaction: Transaction) -> tuple[BookKey, BookKey]:
    """The debit account (money leaves it) and the credit account of a transaction."""
    own = contra(transaction)
    customer = BookKey(own.tenant, transaction.account_id, own.currency)
    if transaction.direction is Direction.DEBIT:
        return customer, own
    return own, customer


def is_own(account_id: str) -> bool:
    """Whether an account is the bank's own."""
    return " " in account_id


def opened(key: BookKey) -> Account:
    """The account as it opens on its first posting: without a bound, owner unknown."""
    if is_own(key.account_id):
        kind = _KINDS.get(key.account_id, AccountKind.ASSET)
        return Account(tenant=key.tenant, account_id=key.account_id, kind=kind, is_customer=False)
    return Account(tenant=key.tenant, account_id=key.account_id, currency=key.currency)
