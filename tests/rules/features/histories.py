"""Generated histories and definitions, small and dense, so that every limit is met often."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from hypothesis import strategies as st

from data_contracts.transaction import Channel, Transaction
from rules.features.columns import Mask
from rules.features.naive import Answer
from rules.features.plan import Plan
from rules.model import Aggregate, FeatureDefinition
from rules.predicates import compile_masks
from tests.factories import NOON, a_transaction

MINUTE_MS, HOUR_MS = 60_000, 3_600_000
WHERE = ("amount_minor >= 1000", "channel = 'atm'", "country = 'DE' AND amount_minor < 5000")

_CROWDS: st.SearchStrategy[list[str | None]] = st.sampled_from(
    [["a"], ["a", None], ["a", "b", "c", None]]
)
_STEPS = st.sampled_from(
    [0] * 4 + [1, 1000, MINUTE_MS - 1, MINUTE_MS, 10 * MINUTE_MS, HOUR_MS - 1, HOUR_MS, 5 * HOUR_MS]
)
_SETBACKS = st.sampled_from(
    [0] * 8
    + [1, 1000, MINUTE_MS, 10 * MINUTE_MS, HOUR_MS, 3 * HOUR_MS, 12 * HOUR_MS]
    + [23 * HOUR_MS, 24 * HOUR_MS, 24 * HOUR_MS + 1, 72 * HOUR_MS]
)
_SILENCES = st.sampled_from([0] * 20 + [49 * HOUR_MS, 49 * HOUR_MS + 1, 60 * HOUR_MS, 96 * HOUR_MS])
_PLACES = st.sampled_from([None, -0.0, 0.0, -33.25, 51.5])


@st.composite
def _event(draw: st.DrawFn, crowd: list[str | None]) -> tuple[int, int, int, dict[str, object]]:
    place = draw(_PLACES)
    fields: dict[str, object] = {
        "tenant": draw(st.sampled_from(["x", "x", "x", "y"])),
        "account_id": draw(st.sampled_from(crowd)) or "a",
        "counterparty_id": draw(st.sampled_from(crowd)),
        "device_id": draw(st.sampled_from(crowd)),
        "merchant_id": draw(st.sampled_from(["m", "n", "o", "p", "q", None])),
        "country": draw(st.sampled_from(["DE", "FR", None])),
        "channel": draw(st.sampled_from([Channel.ATM, Channel.CARD])),
        "amount_minor": draw(st.sampled_from([1, 999, 1000, 5000, 10**12, 999_999_999_999])),
        "latitude": place,
        "longitude": place,
    }
    return draw(_STEPS), draw(_SETBACKS), draw(_SILENCES), fields


@st.composite
def histories(draw: st.DrawFn, least: int = 0, most: int = 40) -> list[Transaction]:
    """Events whose time mostly goes on, sometimes back, and whose log is sometimes silent."""
    occurred = received = NOON
    found = []
    events = _event(draw(_CROWDS))
    for step, setback, silence, fields in draw(st.lists(events, min_size=least, max_size=most)):
        occurred += timedelta(milliseconds=step)
        received += timedelta(milliseconds=step + silence)
        at = occurred - timedelta(milliseconds=setback)
        found.append(a_transaction(occurred_at=at, received_at=received, **fields))
    return found


AGGREGATES = {
    "sums": [Aggregate.COUNT, Aggregate.SUM, Aggregate.AVG, Aggregate.STDDEV],
    "extremes": [Aggregate.MIN, Aggregate.MAX, Aggregate.FIRST_SEEN],
    "last": [Aggregate.LAST],
    "distinct": [Aggregate.DISTINCT],
    "all": list(Aggregate),
}
_OF: dict[Aggregate, list[str | None]] = {
    Aggregate.COUNT: [None],
    Aggregate.SUM: ["amount_minor"],
    Aggregate.AVG: ["amount_minor"],
    Aggregate.STDDEV: ["amount_minor"],
    Aggregate.MIN: ["amount_minor", "latitude"],
    Aggregate.MAX: ["amount_minor", "longitude"],
    Aggregate.DISTINCT: ["merchant_id", "amount_minor", "channel"],
    Aggregate.FIRST_SEEN: [None, "device_id"],
    Aggregate.LAST: ["amount_minor", "latitude", "country", "merchant_id", "channel"],
}
_KEYS = [
    (("account_id",), ("account_id",)),
    (("device_id",), ("device_id",)),
    (("counterparty_id",), ("account_id",)),
    (("account_id", "device_id"), ("account_id", "device_id")),
    (("account_id", "counterparty_id"), ("counterparty_id", "account_id")),
]
_WINDOWS = [
    (MINUTE_MS, None),
    (MINUTE_MS, None),
    (HOUR_MS, None),
    (HOUR_MS, None),
    (2 * HOUR_MS, 2 * MINUTE_MS),
    (2 * HOUR_MS, HOUR_MS),
    (24 * HOUR_MS, 8 * HOUR_MS),
    (72 * HOUR_MS, 72 * HOUR_MS),
    (60 * HOUR_MS, HOUR_MS),
]


@st.composite
def definitions(draw: st.DrawFn, among: Sequence[Aggregate]) -> list[FeatureDefinition]:
    """Features of all kinds with small limits; names are f0, f1, ..."""
    found = []
    for number in range(draw(st.integers(1, 5))):
        aggregate = draw(st.sampled_from(among))
        by, at = draw(st.sampled_from(_KEYS))
        window_ms, tile_ms = draw(st.sampled_from(_WINDOWS))
        found.append(
            FeatureDefinition(
                name=f"f{number}",
                aggregate=aggregate,
                of=draw(st.sampled_from(_OF[aggregate])),
                by=by,
                at=at,
                window_ms=window_ms,
                tile_ms=tile_ms,
                where=draw(st.sampled_from([None, None, *WHERE])),
                is_current_included=draw(st.booleans()),
                capacity=draw(st.sampled_from([1, 2, 3, 5, 4096])),
                distinct_capacity=draw(st.sampled_from([1, 2, 3, 1024])),
            )
        )
    return found


_MASKS = compile_masks(WHERE)


def holds(condition: str, transaction: Transaction) -> bool:
    """Whether one of the conditions above is true of a transaction."""
    return _MASKS(transaction) >> WHERE.index(condition) & 1 == 1


def masks_of(plan: Plan) -> list[Mask]:
    """The compiled conditions of a plan."""
    return [compile_masks(group) for group in plan.condition_groups]


@dataclass(frozen=True)
class Difference:
    """Where two answers differ, for a message that can be read."""

    event: int
    definition: FeatureDefinition
    expected: Answer
    found: Answer


def differences(
    features: Sequence[FeatureDefinition],
    expected: Sequence[dict[str, Answer]],
    found: Sequence[dict[str, Answer]],
) -> list[Difference]:
    """Every cell that differs, types and signs of zero included."""
    return [
        Difference(event, definition, row[definition.name], found[event][definition.name])
        for event, row in enumerate(expected)
        for definition in features
        if repr(row[definition.name]) != repr(found[event][definition.name])
    ]
