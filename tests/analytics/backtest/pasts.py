"""Small pasts that can be counted by hand."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import polars as pl
from polars._typing import PolarsDataType

from analytics.backtest.judged import Judged, judged
from data_contracts.decision import Verdict
from rules.model import RuleSet
from tests.factories import NOON, TENANT
from tests.rules.rule_sets import a_rule, a_rule_set

INSTANT = pl.Datetime("ms", "UTC")
SCHEMA: dict[str, PolarsDataType] = {
    "transaction_id": pl.String,
    "tenant": pl.String,
    "account_id": pl.String,
    "card_token": pl.String,
    "amount_minor": pl.Int64,
    "currency": pl.String,
    "occurred_at": INSTANT,
    "decision": pl.String,
    "score": pl.Int64,
    "hits": pl.List(pl.String),
    "shadow_hits": pl.List(pl.String),
    "is_listed": pl.Boolean,
    "is_fraud": pl.Boolean,
}
TWO_RULES = a_rule_set(a_rule("rule-1"), a_rule("rule-2"))


def seen(
    occurred_at: datetime = NOON,
    verdict: Verdict = Verdict.APPROVE,
    hits: Sequence[str] = (),
    **changes: Any,  # noqa: ANN401  (columns of any type)
) -> dict[str, Any]:
    """One transaction of ten euros with what was decided of it."""
    return {
        "tenant": TENANT,
        "account_id": "acc-1",
        "card_token": "card-1",
        "amount_minor": 1_000,
        "currency": "EUR",
        "occurred_at": occurred_at,
        "decision": verdict.value,
        "score": 50 * len(hits),
        "hits": list(hits),
        "shadow_hits": [],
        "is_listed": False,
        "is_fraud": None,
    } | changes


def a_past(*rows: dict[str, Any], rule_set: RuleSet = TWO_RULES, labels: bool = False) -> Judged:
    """These transactions in this order of positions."""
    numbered = [{"transaction_id": f"t-{number}"} | row for number, row in enumerate(rows)]
    frame = pl.DataFrame(numbered, schema=SCHEMA, orient="row")
    return judged(frame if labels else frame.drop("is_fraud"), rule_set)
