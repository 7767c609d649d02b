"""Rules and features in plain words, and the example of the documentation."""

import re
from pathlib import Path

import pytest

import rules
from rules.documents.catalogue import read_catalogue
from rules.explanation import feature_in_words, rule_in_words
from rules.expressions.conditions import condition_of
from rules.expressions.names import names_of
from rules.expressions.plain_words import condition_in_words
from rules.testing import run_rule
from tests.rules.catalogues import read
from tests.rules.rule_sets import AVERAGE, COUNT

ROOT = Path(__file__).parents[2]
NAMES = names_of([COUNT, AVERAGE], ["risky"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("amount_minor >= 100000", "amount_minor is at least 100,000"),
        ("country IN ('DE', 'FR', 'ES')", "country is DE, FR or ES"),
        ("country NOT IN risky", "it is false that country is on the list risky"),
        ("device_id IS NOT NULL", "device_id is known"),
        ("device_id IS NULL OR country = 'DE'", "device_id is unknown or country is DE"),
        (
            "amount_minor > 1.5 * card_avg_24h AND (country = 'DE' OR hour(occurred_at) < 6)",
            (
                "amount_minor is more than 1.5 times card_avg_24h"
                " and (country is DE or the hour (UTC) of occurred_at is less than 6)"
            ),
        ),
        ("merchant_id LIKE 'shop%'", 'merchant_id begins with "shop"'),
        (
            "occurred_at - received_at > INTERVAL '10 minutes'",
            "occurred_at minus received_at is more than 10m",
        ),
        (
            "coalesce(card_avg_24h, 1.0) / 2 < abs(latitude)",
            (
                "the first that is known of card_avg_24h, 1 divided by 2"
                " is less than the size of latitude"
            ),
        ),
        ("occurred_at < '2026-03-02T12:00:00Z'", "occurred_at is less than 2026-03-02 12:00 UTC"),
    ],
)
def test_a_condition_in_words(text: str, words: str) -> None:
    assert condition_in_words(condition_of(text, NAMES)) == words


def test_a_feature_in_words() -> None:
    assert feature_in_words(COUNT) == "how many transactions by card_token in the last 10m"
    assert feature_in_words(AVERAGE) == (
        "the mean of amount_minor by card_token in the last 24h (in whole tiles of 24m)"
    )


def test_every_shipped_rule_and_feature_can_be_explained() -> None:
    catalogue = read_catalogue(Path(next(iter(rules.__path__))))
    assert all(rule_in_words(document) for document in catalogue.documents)
    assert all(feature_in_words(feature) for feature in catalogue.features.values())


def test_the_example_of_the_documentation_is_a_sound_rule(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "rules.md").read_text()
    example = re.findall(r"```yaml\n(?:# .*?\n)?(id: .*?)```", text, re.DOTALL)[0]
    name = "catalogue/card-testing/card-small-payments-10m.yaml"
    catalogue = read(tmp_path, {name: example})
    assert catalogue.mistakes == ()
    document = catalogue.document("card-small-payments-10m")
    assert document is not None
    assert all(result.is_as_expected for result in run_rule(document, catalogue))
