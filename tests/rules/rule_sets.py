"""Small rule sets for the tests of evaluation."""

from typing import Any

from data_contracts.decision import Severity
from rules.model import (
    Aggregate,
    EntityList,
    FeatureDefinition,
    ListEntry,
    ListKind,
    Policy,
    Rule,
    RuleSet,
    Status,
)

COUNT = FeatureDefinition(
    name="card_count_10m",
    aggregate=Aggregate.COUNT,
    by=("card_token",),
    at=("card_token",),
    window_ms=600_000,
)
AVERAGE = FeatureDefinition(
    name="card_avg_24h",
    aggregate=Aggregate.AVG,
    of="amount_minor",
    by=("card_token",),
    at=("card_token",),
    window_ms=86_400_000,
    tile_ms=1_440_000,
)


def a_rule(rule_id: str = "rule-1", **changes: Any) -> Rule:  # noqa: ANN401  (fields of any type)
    """A live rule that hits from three payments on."""
    fields: dict[str, Any] = {
        "id": rule_id,
        "version": 1,
        "title": "Many payments",
        "typology": "velocity",
        "severity": Severity.HIGH,
        "owner": "card-fraud",
        "status": Status.LIVE,
        "features": ("card_avg_24h", "card_count_10m"),
        "when": "card_count_10m >= 3",
        "score": 60,
        "reason": "{card_count_10m} payments",
        "runbook": "Call the customer.",
    }
    if "bands" in changes:
        fields["score"] = None
    return Rule(**(fields | changes))


def a_rule_set(*found: Rule, lists: tuple[EntityList, ...] = ()) -> RuleSet:
    """A rule set with two features, of which the values are the mean and the count."""
    return RuleSet(
        rules=found or (a_rule(),),
        features=(AVERAGE, COUNT),
        lists=lists,
        policy=Policy(review_at=50, decline_at=90),
    )


def a_list(kind: ListKind, *values: str, **changes: Any) -> EntityList:  # noqa: ANN401
    """A list over accounts (a reference list over nothing) with some entries."""
    entries = tuple(
        ListEntry(**({"value": value, "owner": "desk", "reason": "known"} | changes))
        for value in values
    )
    field = None if kind is ListKind.REFERENCE else "account_id"
    return EntityList(id=f"{kind}_list", kind=kind, field=field, entries=entries)
