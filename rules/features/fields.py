"""Which fields of a transaction a feature may use, and how its key is made of them."""

from collections.abc import Iterator

from data_contracts.decision import FeatureValue
from data_contracts.transaction import Transaction
from rules.model import EXACT_WINDOW_MS_MAX, Aggregate, FeatureDefinition

HOUR_MS = 3_600_000
WINDOW_MS_MIN, WINDOW_MS_MAX = 60_000, 90 * 24 * HOUR_MS
TILES_MAX = 2_160  # Ninety days of hours.
CAPACITY_MAX = 65_536

# What a text field takes at most, in bytes: all of them are ASCII.
TEXT_BYTES = {
    "account_id": 64,
    "authentication": 16,
    "branch_id": 64,
    "card_token": 64,
    "channel": 16,
    "counterparty_country": 8,
    "counterparty_id": 64,
    "country": 8,
    "currency": 8,
    "device_id": 64,
    "direction": 8,
    "entry_mode": 16,
    "ip": 48,
    "merchant_category": 8,
    "merchant_country": 8,
    "merchant_id": 64,
    "original_transaction_id": 64,
    "terminal_id": 64,
    "transaction_id": 64,
    "type": 16,
}
WHOLE = "amount_minor"
PLACES = ("latitude", "longitude")
_ADDING = {Aggregate.SUM, Aggregate.AVG, Aggregate.STDDEV}
_ORDERED = _ADDING | {Aggregate.MIN, Aggregate.MAX}

Key = tuple[str, ...]


def value_of(transaction: Transaction, field: str) -> FeatureValue:
    """The field as a plain number or text, or None where the transaction has none."""
    value: FeatureValue = getattr(transaction, field)
    if isinstance(value, float):
        return value + 0.0  # One zero, not two.
    return str(value) if isinstance(value, str) else value


def key_of(transaction: Transaction, fields: tuple[str, ...]) -> Key | None:
    """The tenant and the fields together, or None where one of them is null."""
    values = [getattr(transaction, field) for field in fields]
    return None if None in values else (transaction.tenant, *map(str, values))


def mistakes(definition: FeatureDefinition) -> Iterator[str]:
    """Say everything that keeps a definition from being computed exactly."""
    yield from _mistakes_of_keys(definition)
    yield from _mistakes_of_value(definition)
    yield from _mistakes_of_window(definition)
    for capacity in (definition.capacity, definition.distinct_capacity):
        if not 1 <= capacity <= CAPACITY_MAX:
            yield f"a capacity is 1 to {CAPACITY_MAX:,}, not {capacity:,}"


def _mistakes_of_keys(definition: FeatureDefinition) -> Iterator[str]:
    for name, fields in (("by", definition.by), ("at", definition.at)):
        if not fields:
            yield f"`{name}` names at least one field"
        for field in fields:
            if field not in TEXT_BYTES:
                yield f"`{name}`: `{field}` is no key: {', '.join(sorted(TEXT_BYTES))}"
    if len(definition.by) != len(definition.at):
        yield "`by` and `at` name equally many fields"


def _mistakes_of_value(definition: FeatureDefinition) -> Iterator[str]:
    aggregate, field = definition.aggregate, definition.of
    if field is None and aggregate not in {Aggregate.COUNT, Aggregate.FIRST_SEEN}:
        yield f"`{aggregate}` needs a field (`of`)"
    elif field is not None and aggregate is Aggregate.COUNT:
        yield "`count` counts events and takes no field (`of`): say it in `where`"
    elif field is not None and field not in {*TEXT_BYTES, WHOLE, *PLACES}:
        yield f"`of`: a feature cannot be made of `{field}`"
    elif field in TEXT_BYTES and aggregate in _ORDERED:
        yield f"`{aggregate}` needs a number, and `{field}` is a text"
    elif field in PLACES and aggregate in {*_ADDING, Aggregate.DISTINCT}:
        yield f"`{aggregate}` of `{field}` would not be exact: use min, max or last"


def _mistakes_of_window(definition: FeatureDefinition) -> Iterator[str]:
    window, tile = definition.window_ms, definition.tile_ms
    if not WINDOW_MS_MIN <= window <= WINDOW_MS_MAX:
        yield "a window is 1 minute to 90 days long"
    elif window <= EXACT_WINDOW_MS_MAX:
        if tile is not None:
            yield "a window up to an hour is exact and has no tile"
    elif window % HOUR_MS:
        yield "a window over an hour is a number of whole hours"
    elif tile is None or tile < 1 or window % tile:
        yield "a window over an hour is made of tiles that divide it"
    elif window // tile > TILES_MAX:
        yield f"a window has at most {TILES_MAX:,} tiles"
