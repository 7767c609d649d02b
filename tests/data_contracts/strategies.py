"""Any legal transaction."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from data_contracts import card_numbers
from data_contracts.money import AMOUNT_MINOR_MAX, currencies
from data_contracts.transaction import (
    Authentication,
    Channel,
    Direction,
    EntryMode,
    Transaction,
    TransactionType,
)

PRINTABLE = st.characters(min_codepoint=33, max_codepoint=126)
UPPER = st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
DIGITS = st.sampled_from("0123456789")


def identifiers(length: int = 64) -> st.SearchStrategy[str]:
    """Printable ASCII without spaces that holds no card number."""
    found = st.text(PRINTABLE, min_size=1, max_size=length)
    return found.filter(lambda text: not card_numbers.holds(text))


def instants() -> st.SearchStrategy[datetime]:
    """Whole milliseconds from 2000 on."""
    start = datetime(2000, 1, 1, tzinfo=UTC)
    return st.integers(0, 10**12).map(lambda ms: start + timedelta(milliseconds=ms))


def descriptions() -> st.SearchStrategy[str]:
    """Any text without NUL and card numbers."""
    characters = st.characters(exclude_characters="\x00", exclude_categories=["Cs"])
    found = st.text(characters, max_size=280)
    return found.filter(lambda text: not card_numbers.holds(text))


def places() -> st.SearchStrategy[tuple[float | None, float | None]]:
    """Latitude and longitude, or neither."""
    return st.tuples(st.floats(-90, 90), st.floats(-180, 180)) | st.just((None, None))


@st.composite
def transactions(draw: st.DrawFn) -> Transaction:
    """Any transaction that the log may hold."""
    identifier = st.none() | identifiers()
    country = st.none() | st.text(UPPER, min_size=2, max_size=2)
    latitude, longitude = draw(places())
    occurred_at = draw(instants())
    return Transaction(
        transaction_id=draw(identifiers()),
        account_id=draw(identifiers()),
        type=draw(st.sampled_from(TransactionType)),
        direction=draw(st.sampled_from(Direction)),
        amount_minor=draw(st.integers(1, AMOUNT_MINOR_MAX)),
        currency=draw(st.sampled_from(sorted(currencies()))),
        occurred_at=occurred_at,
        channel=draw(st.sampled_from(Channel)),
        counterparty_id=draw(identifier),
        counterparty_country=draw(country),
        card_token=draw(identifier),
        entry_mode=draw(st.none() | st.sampled_from(EntryMode)),
        authentication=draw(st.none() | st.sampled_from(Authentication)),
        merchant_id=draw(identifier),
        merchant_category=draw(st.none() | st.text(DIGITS, min_size=4, max_size=4)),
        merchant_country=draw(country),
        terminal_id=draw(identifier),
        device_id=draw(identifier),
        ip=draw(st.none() | st.ip_addresses().map(str)),
        country=draw(country),
        latitude=latitude,
        longitude=longitude,
        branch_id=draw(identifier),
        original_transaction_id=draw(identifier),
        description=draw(st.none() | descriptions()),
        tenant=draw(identifiers(32)),
        received_at=max(draw(instants()), occurred_at),
    )
