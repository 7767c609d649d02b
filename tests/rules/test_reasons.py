"""Reasons as the analyst reads them."""

import pytest

from rules.model import Aggregate, FeatureDefinition
from rules.reasons import Reason, names_in
from tests.factories import a_transaction


def a_feature(aggregate: Aggregate, of: str | None = None) -> FeatureDefinition:
    return FeatureDefinition(
        name="x",
        aggregate=aggregate,
        of=of,
        by=("account_id",),
        at=("account_id",),
        window_ms=60_000,
    )


@pytest.mark.parametrize(
    ("definition", "value", "expected"),
    [
        (a_feature(Aggregate.COUNT), 3, "3"),
        (a_feature(Aggregate.SUM, "amount_minor"), 123_456, "1234.56 EUR"),
        (a_feature(Aggregate.AVG, "amount_minor"), 1_250.4, "12.50 EUR"),
        (a_feature(Aggregate.DISTINCT, "merchant_id"), 4, "4"),
        (a_feature(Aggregate.LAST, "country"), "FR", "FR"),
        (a_feature(Aggregate.LAST, "latitude"), 48.8566, "48.86"),
        (a_feature(Aggregate.FIRST_SEEN), 1_767_225_600_000, "2026-01-01 00:00 UTC"),
        (a_feature(Aggregate.COUNT), None, "unknown"),
    ],
)
def test_a_feature_is_shown_as_what_it_is(
    definition: FeatureDefinition, value: float | str | None, expected: str
) -> None:
    assert Reason("{x}", {"x": definition}).fill(a_transaction(), {"x": value}, {}) == expected


def test_a_flag_says_why_a_feature_is_unknown() -> None:
    reason = Reason("{x} payments", {"x": a_feature(Aggregate.COUNT)})
    assert reason.fill(a_transaction(), {"x": None}, {"x": "late"}) == "unknown (late) payments"


def test_an_amount_is_shown_in_its_currency() -> None:
    reason = Reason("{amount_minor} in {country} at {occurred_at}", {})
    yen = a_transaction(amount_minor=1250, currency="JPY", country=None)
    assert reason.fill(yen, {}, {}) == "1250 JPY in unknown at 2026-03-02 12:00 UTC"


def test_the_names_in_braces_are_found() -> None:
    assert names_in("{a} of {b}, not c") == ("a", "b")
