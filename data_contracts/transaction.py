"""The transaction: what a payment system tells us, and what the log keeps of it."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec

from data_contracts.money import AMOUNT_MINOR_MAX

Identifier = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Tenant = Annotated[str, msgspec.Meta(min_length=1, max_length=32)]
Amount = Annotated[int, msgspec.Meta(ge=1, le=AMOUNT_MINOR_MAX)]
Currency = Annotated[str, msgspec.Meta(min_length=3, max_length=3)]
Country = Annotated[str, msgspec.Meta(min_length=2, max_length=2)]
Category = Annotated[str, msgspec.Meta(min_length=4, max_length=4)]
Instant = Annotated[datetime, msgspec.Meta(tz=True)]
Latitude = Annotated[float, msgspec.Meta(ge=-90, le=90)]
Longitude = Annotated[float, msgspec.Meta(ge=-180, le=180)]
Address = Annotated[str, msgspec.Meta(min_length=2, max_length=45)]
Description = Annotated[str, msgspec.Meta(max_length=280)]


class TransactionType(StrEnum):
    """What kind of movement it is."""

    CARD_PAYMENT = "card_payment"
    TRANSFER = "transfer"
    CASH_IN = "cash_in"
    CASH_OUT = "cash_out"
    FEE = "fee"
    REFUND = "refund"
    REVERSAL = "reversal"
    CHARGEBACK = "chargeback"


class Direction(StrEnum):
    """Debit: money leaves the account. Credit: money comes in."""

    DEBIT = "debit"
    CREDIT = "credit"


class Channel(StrEnum):
    """The way in."""

    CARD = "card"
    ONLINE = "online"
    MOBILE = "mobile"
    BRANCH = "branch"
    ATM = "atm"
    API = "api"


class EntryMode(StrEnum):
    """How the card was read."""

    CHIP = "chip"
    CONTACTLESS = "contactless"
    MAGSTRIPE = "magstripe"
    MANUAL = "manual"
    ECOMMERCE = "ecommerce"


class Authentication(StrEnum):
    """How the payer proved who they are."""

    NONE = "none"
    SIGNATURE = "signature"
    PIN = "pin"
    PASSWORD = "password"  # noqa: S105  (a way of authentication, not a password)
    OTP = "otp"
    BIOMETRIC = "biometric"
    THREE_DS = "three_ds"


# Without `gc` the collector does not look at them: they hold no cycles, and there are many.
class TransactionRequest(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    gc=False,
):
    """A movement that a customer or the bank asked for, as a payment system sends it."""

    transaction_id: Identifier
    account_id: Identifier
    type: TransactionType
    direction: Direction
    amount_minor: Amount
    currency: Currency
    occurred_at: Instant
    channel: Channel
    counterparty_id: Identifier | None = None
    counterparty_country: Country | None = None
    card_token: Identifier | None = None
    entry_mode: EntryMode | None = None
    authentication: Authentication | None = None
    merchant_id: Identifier | None = None
    merchant_category: Category | None = None
    merchant_country: Country | None = None
    terminal_id: Identifier | None = None
    device_id: Identifier | None = None
    ip: Address | None = None
    country: Country | None = None
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    branch_id: Identifier | None = None
    original_transaction_id: Identifier | None = None
    description: Description | None = None


class Transaction(TransactionRequest, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The same movement as the log keeps it: whose it is, and when we received it."""

    tenant: Tenant
    received_at: Instant
