"""Everyday traffic of many accounts as encoded messages, and the rules that are shipped."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from data_contracts import codec
from data_contracts.control import ControlKind
from data_contracts.transaction import (
    Authentication,
    Channel,
    Direction,
    EntryMode,
    Transaction,
    TransactionType,
)
from dataflows.connectors import LogBatch, Logged
from watchkeeper.publish import Publication, shipped_catalogue, sound_catalogue

START = datetime(2026, 1, 5, tzinfo=UTC)
PER_SECOND = 500
COUNTRIES = ("DE", "DE", "DE", "DE", "DE", "DE", "FR", "NL", "AT", "US")
CATEGORIES = ("5411", "5812", "5541", "4111", "5999")


@dataclass(frozen=True, slots=True)
class Mix:
    """One kind of transaction and its share."""

    type: TransactionType
    channel: Channel
    direction: Direction
    share: float


MIXES = (
    Mix(TransactionType.CARD_PAYMENT, Channel.CARD, Direction.DEBIT, 0.78),
    Mix(TransactionType.TRANSFER, Channel.ONLINE, Direction.DEBIT, 0.10),
    Mix(TransactionType.TRANSFER, Channel.API, Direction.CREDIT, 0.06),
    Mix(TransactionType.CASH_OUT, Channel.ATM, Direction.DEBIT, 0.05),
    Mix(TransactionType.REFUND, Channel.CARD, Direction.CREDIT, 0.01),
)


def shipped_rules() -> LogBatch:
    """The record that takes up the shipped catalogue."""
    rule_set = sound_catalogue(shipped_catalogue()).rule_set()
    record = Publication(rule_set=rule_set, published_by="bench", published_at=START).record()
    return LogBatch(0, [Logged(0, codec.encode(record), kind=ControlKind.RULE_SET)])


def messages(events: int, accounts: int, seed: int = 1) -> list[bytes]:
    """Encoded transactions; a few accounts and merchants are busy, most are not."""
    return [codec.encode(transaction) for transaction in _transactions(events, accounts, seed)]


def _transactions(events: int, accounts: int, seed: int) -> Iterator[Transaction]:
    random = np.random.default_rng(seed)
    shares = [mix.share for mix in MIXES]
    kinds = random.choice(len(MIXES), events, p=np.array(shares) / sum(shares)).tolist()
    # The square makes a tenth of the accounts do a third of the business.
    who = (accounts * random.random(events) ** 2).astype(int).tolist()
    payees = random.integers(0, accounts, events).tolist()
    shops = (5_000 * random.random(events) ** 3).astype(int).tolist()
    amounts = np.exp(random.normal(8.3, 1.2, events)).astype(int).tolist()
    for number in range(events):
        choice = (who[number], payees[number], shops[number], amounts[number])
        yield _transaction(number, MIXES[kinds[number]], choice)


def _transaction(number: int, mix: Mix, choice: Sequence[int]) -> Transaction:
    account, payee, shop, amount = choice
    at = START + timedelta(milliseconds=number * 1_000 // PER_SECOND)
    is_shop = mix.channel is Channel.CARD
    return Transaction(
        transaction_id=f"bench-{number:09d}",
        account_id=f"account-{account:07d}",
        type=mix.type,
        direction=mix.direction,
        amount_minor=1 + amount,
        currency="EUR",
        occurred_at=at,
        channel=mix.channel,
        counterparty_id=None if is_shop else f"account-{payee:07d}",
        card_token=f"card-{account:07d}-1" if is_shop else None,
        entry_mode=EntryMode.CONTACTLESS if is_shop else None,
        authentication=Authentication.PIN if is_shop else Authentication.OTP,
        merchant_id=f"merchant-{shop:05d}" if is_shop else None,
        merchant_category=CATEGORIES[shop % len(CATEGORIES)] if is_shop else None,
        merchant_country=COUNTRIES[shop % len(COUNTRIES)] if is_shop else None,
        terminal_id=f"terminal-{shop:05d}-{number % 3}" if is_shop else None,
        device_id=None if is_shop else f"device-{account:07d}",
        ip=None if is_shop else f"10.{account >> 16 & 255}.{account >> 8 & 255}.{account & 255}",
        country=COUNTRIES[shop % len(COUNTRIES)] if is_shop else "DE",
        tenant="bench",
        received_at=at + timedelta(milliseconds=40),
    )
