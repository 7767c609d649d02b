"""A tree is written as text that is read as the same tree."""

import pytest

from rules.expressions.conditions import condition_of
from rules.expressions.names import names_of
from rules.expressions.rule_text import condition_text
from tests.rules.rule_sets import AVERAGE, COUNT

NAMES = names_of([AVERAGE, COUNT], ["risky"])


@pytest.mark.parametrize(
    "text",
    [
        "card_count_10m >= 3 AND (type = 'transfer' OR amount_minor > 5)",
        "NOT (amount_minor > 5 AND counterparty_id = 'O''Brien')",
        "country IS NOT NULL AND country NOT IN ('DE', 'FR') AND country NOT IN risky",
        "counterparty_id LIKE 'a%' OR counterparty_id LIKE '%b' OR counterparty_id NOT LIKE '%c%'",
        "card_avg_24h > 2.5 * amount_minor - 3.0",
        "amount_minor - (card_count_10m - 1) > 2 AND (-5) * amount_minor < card_count_10m",
        "abs(latitude) / 0.00001 > 5.0",
        "coalesce(card_avg_24h, 0.0) > 1.0 AND hour(occurred_at) < 5",
        "weekday(occurred_at) IN (6, 7)",
        "occurred_at >= '2026-03-01T00:00:00.000+00:00'",
        "received_at - occurred_at < INTERVAL '600000 milliseconds'",
        "amount_minor IN (1, 2) OR latitude IN (1.5, 2.0)",
    ],
)
def test_what_is_written_is_read_as_the_same_tree(text: str) -> None:
    found = condition_of(text, NAMES)
    assert condition_of(condition_text(found), NAMES) == found
