"""Small catalogues in a folder of their own, for the tests of what lint says."""

from pathlib import Path

from rules.documents.catalogue import Catalogue, read_catalogue

POLICY = "review_at: 50\ndecline_at: 90\n"
FEATURES = """\
features:
  card_payment_count_30d:
    aggregate: count
    by: card_token
    window: 30d
    where: type = 'card_payment'
"""
COUNTRIES = """\
id: high_risk_countries
kind: reference
owner: compliance
reason: high risk
entries:
  - {value: KP}
"""
NEIGHBOUR = """\
id: neighbour
version: 1
title: A rule that is right
typology: card-testing
severity: low
owner: card-fraud
status: live
features:
  card_payment_count_1h:
    aggregate: count
    by: card_token
    window: 1h
when: >-
  card_payment_count_1h >= 3 AND card_payment_count_30d >= 3 AND country IN high_risk_countries
score: 10
reason: "{card_payment_count_1h} payments"
runbook: Look at it.
tests:
  - name: a hit
    history:
      - {at: -5m, repeat: 2, every: 1m}
    event: {country: KP}
    hit: true
  - name: a miss
    event: {country: KP}
    hit: false
"""


def write(root: Path, files: dict[str, str]) -> Path:
    """A sound catalogue with some files added or changed."""
    sound = {
        "policy.yaml": POLICY,
        "features.yaml": FEATURES,
        "lists/high_risk_countries.yaml": COUNTRIES,
        "catalogue/card-testing/neighbour.yaml": NEIGHBOUR,
    }
    for name, text in (sound | files).items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (root / "catalogue" / "velocity").mkdir(exist_ok=True)
    return root


def read(root: Path, files: dict[str, str]) -> Catalogue:
    """Read what `write` wrote."""
    return read_catalogue(write(root, files))
