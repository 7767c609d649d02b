"""One example of every kind of file, with every key that there is: what the schemas are made of."""

from collections.abc import Mapping

RULE_WITH_SCORE = """\
id: card-small-payments
version: 1
title: Many tiny online payments with one card
typology: card-testing
severity: high
owner: card-fraud
status: canary
canary_percent: 10
features:
  card_small_count_10m:
    aggregate: count
    by: card_token
    window: 10m
    where: type = 'card_payment' AND amount_minor <= 500
  card_merchant_distinct_24h:
    aggregate: distinct
    of: merchant_id
    by: [card_token]
    at: [card_token]
    window: 24h
    tile: 1h
    current: exclude
    capacity: 4096
    distinct_capacity: 1024
when: type = 'card_payment' AND card_small_count_10m >= 3 AND card_merchant_distinct_24h >= 2
score: 70
reason: "{card_small_count_10m} tiny payments within ten minutes"
suppress: {by: card_token, for: 1h}
breaker: {max_hits_per_hour: 2000}
alert_budget_per_day: 20
runbook: Block the card and order a new one.
references: [Wolfsberg Group]
tests:
  - name: three tiny payments
    now: "2026-03-04T12:00:00Z"
    history:
      - {at: -5m, repeat: 2, every: 1m, amount_minor: 100, merchant_id: "shop-{n}"}
    event: {at: -1s, amount_minor: 150}
    hit: true
    score: 70
    reason: 3 tiny payments within ten minutes
  - name: a single one
    history:
      - {at: -1h, amount_minor: 100}
    event: {amount_minor: 150}
    hit: false
"""
RULE_WITH_BANDS = """\
id: card-large-payment
version: 1
title: A large card payment
typology: large-amount
severity: medium
owner: card-fraud
status: live
when: type = 'card_payment' AND amount_minor >= 100000
band_of: amount_minor
bands:
  - {below: 1000000, score: 20}
  - {at_least: 1000000, score: 60, reason: "{amount_minor}, very large"}
reason: "{amount_minor}, large"
breaker: {max_decline_share: 0.05, least_decisions: 200}
runbook: Call the customer.
tests:
  - name: large
    event: {amount_minor: 200000}
    hit: true
  - name: small
    event: {amount_minor: 200}
    hit: false
"""
FEATURES = """\
features:
  account_received_sum_24h:
    aggregate: sum
    of: amount_minor
    by: counterparty_id
    at: account_id
    window: 24h
    tile: 1h
    where: type = 'transfer'
    current: exclude
    capacity: 4096
    distinct_capacity: 1024
  account_count_1h:
    aggregate: count
    by: [account_id]
    window: 1h
"""
LIST_OF_PAYEES = """\
id: trusted_payees
kind: allow
field: counterparty_id
owner: payments
reason: known suppliers
entries:
  - value: supplier-1
    owner: payments
    reason: our own supplier
    from: "2026-01-01T00:00:00Z"
    expires: "2027-01-01T00:00:00Z"
    amount_minor_max: 500000
"""
LIST_OF_COUNTRIES = """\
id: high_risk_countries
kind: reference
owner: compliance
reason: FATF
entries:
  - {value: KP}
"""
POLICY = """\
review_at: 50
decline_at: 90
"""
POLICY_WITH_BUDGET = """\
review_at: 50
decline_at: 90
alert_budget_per_day: 100
minutes_per_alert: 12
analyst_hour: {amount_minor: 5500, currency: EUR}
"""
BUDGET = """\
events_per_day: 5000000
keys:
  account_id: 100000
  account_id + counterparty_id: 1000000
state_megabytes: 2048
feature_megabytes: 512
microseconds_per_event: 20
window_max: 90d
"""

SAMPLES: Mapping[str, tuple[str, ...]] = {
    "rule": (RULE_WITH_SCORE, RULE_WITH_BANDS),
    "features": (FEATURES,),
    "list": (LIST_OF_PAYEES, LIST_OF_COUNTRIES),
    "policy": (POLICY, POLICY_WITH_BUDGET),
    "budget": (BUDGET,),
}
