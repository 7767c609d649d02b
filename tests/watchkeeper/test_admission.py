"""What is seen to be fine is fine: no row gets in that the door would refuse, and none is lost."""

from datetime import timedelta

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from data_contracts import door
from data_contracts.violation import ContractViolation
from rules.transaction_frame import completed
from tests.factories import NOON
from watchkeeper.admission import admitted
from watchkeeper.json_columns import STORED_FIELDS, rendered

IDS = ("a-1", "", "x" * 64, "x" * 65, "4111111111111111", "4111-1111-1111-1111", "ü", "a b", 'a"b')
CHOICES: dict[str, tuple[object, ...]] = {
    "transaction_id": IDS,
    "account_id": IDS,
    "counterparty_id": (None, *IDS),
    "tenant": ("demo", "x" * 32, "x" * 33, "a b", "\x7f"),
    "type": ("transfer", "gift", None),
    "direction": ("debit", "sideways"),
    "amount_minor": (1, 10**12, 0, -5, 10**12 + 1, None),
    "currency": ("EUR", "XXY", "eur", None),
    "channel": ("card", "pigeon"),
    "entry_mode": (None, "chip", "nose"),
    "country": (None, "DE", "de", "D1", "DEU"),
    "merchant_category": (None, "5411", "54", "54a1"),
    "ip": (None, "10.0.0.1", "::1", "10.0.0.256", "fe80::1%a"),
    "latitude": (None, None, 90.0, 90.5, -0.0),
    "longitude": (None, None, 180.0, -180.5, float("nan")),
    "description": (None, "a thing", "\x00", "4111 1111 1111 1111", "x" * 281),
    "occurred_at": (
        NOON,
        NOON + timedelta(minutes=5),
        NOON + timedelta(minutes=5, milliseconds=1),
        NOON.replace(year=1999),
        None,
    ),
    "received_at": (NOON, NOON.replace(year=1999), NOON.replace(year=9999)),
}
_LIKELY = {name: st.just(values[0]) | st.sampled_from(values) for name, values in CHOICES.items()}


def by_the_door(frame: pl.DataFrame) -> list[bool]:
    found = []
    for message in rendered(frame, STORED_FIELDS):
        try:
            door.parse_stored(message.encode())
        except ContractViolation:
            found.append(False)
        else:
            found.append(True)
    return found


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.fixed_dictionaries(_LIKELY), min_size=1, max_size=8),
    st.none() | st.sampled_from(sorted(CHOICES)),
)
def test_a_row_is_admitted_where_the_door_lets_it_through(
    rows: list[dict[str, object]], odd: str | None
) -> None:
    plain = [{name: values[0] for name, values in CHOICES.items()} for _ in rows]
    single = [
        one | ({} if odd is None else {odd: row[odd]}) for one, row in zip(plain, rows, strict=True)
    ]
    types = {"amount_minor": pl.Int64, "latitude": pl.Float64, "longitude": pl.Float64}
    for history in (rows, single):
        frame = completed(pl.DataFrame(history, schema_overrides=types, strict=False))

        admission = admitted(frame)

        is_in = by_the_door(frame)
        assert admission.frame["position"].to_list() == [
            at for at, fine in enumerate(is_in) if fine
        ]
        assert admission.refused == is_in.count(False)
        assert (admission.reason is None) is all(is_in)
