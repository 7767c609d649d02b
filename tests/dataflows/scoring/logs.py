"""Logs in memory, and what scoring makes of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from bytewax.recovery import RecoveryConfig
from bytewax.testing import TestingSink, TestingSource, cluster_main, run_main

from data_contracts import codec
from data_contracts.control import ControlKind, FeatureWarmRecord, RuleSetRecord
from data_contracts.dead_letter import DeadLetter
from data_contracts.decision import Decision, Severity
from data_contracts.transaction import Transaction
from dataflows.connectors import Letter, LogBatch, Logged, Written, cut, key_of
from dataflows.scoring.flow import Scoring, build
from dataflows.scoring.topics import Topics
from dataflows.scoring.warmers import NoHistory, Warmer
from rules.model import Aggregate, FeatureDefinition, Policy, Rule, RuleSet, Status
from rules.rule_set import pack
from tests.factories import NOON

TOPICS = Topics()
HOUR_MS = 3_600_000


def a_feature(name: str, **changes: object) -> FeatureDefinition:
    fields = {
        "name": name,
        "aggregate": Aggregate.COUNT,
        "by": ("account_id",),
        "at": ("account_id",),
        "window_ms": HOUR_MS,
    }
    return FeatureDefinition(**(fields | changes))  # type: ignore[arg-type]  # fields of any type


def a_rule(rule_id: str, **changes: object) -> Rule:
    fields = {
        "id": rule_id,
        "version": 1,
        "title": "A rule",
        "typology": "velocity",
        "severity": Severity.HIGH,
        "owner": "risk",
        "status": Status.LIVE,
        "when": "amount_minor > 5000",
        "score": 40,
        "reason": "because",
        "runbook": "look",
    }
    return Rule(**(fields | changes))  # type: ignore[arg-type]  # fields of any type


COUNT = a_feature("count_1h")
MERCHANTS = a_feature(
    "merchants_24h",
    aggregate=Aggregate.DISTINCT,
    of="merchant_id",
    window_ms=24 * HOUR_MS,
    tile_ms=HOUR_MS,
)
INFLOW = a_feature(
    "inflow_1h",
    aggregate=Aggregate.SUM,
    of="amount_minor",
    by=("counterparty_id",),
    where="type = 'transfer'",
)
AVERAGE = a_feature(
    "merchant_average_1h",
    aggregate=Aggregate.AVG,
    of="amount_minor",
    by=("merchant_id",),
    at=("merchant_id",),
)


def a_rule_set(*rules: Rule, features: Sequence[FeatureDefinition] = (COUNT,)) -> RuleSet:
    in_order = tuple(sorted(features, key=lambda item: item.name))
    policy = Policy(review_at=40, decline_at=80)
    return RuleSet(rules=tuple(rules), features=in_order, policy=policy)


RICH = a_rule_set(
    a_rule("often", features=("count_1h",), when="count_1h >= 3", reason="{count_1h} in an hour"),
    a_rule("large", when="amount_minor > 5000", score=60),
    features=(COUNT, MERCHANTS, INFLOW, AVERAGE),
)


@dataclass
class Log:
    """Messages at the offsets at which they are written."""

    messages: list[Logged] = field(default_factory=list)

    def write(self, value: bytes, kind: str | None = None) -> int:
        offset = len(self.messages)
        self.messages.append(Logged(offset, value, None, kind))
        return offset

    def add(self, *transactions: Transaction) -> None:
        for transaction in transactions:
            self.write(codec.encode(transaction))

    def publish(self, rule_set: RuleSet, published_at: datetime = NOON) -> int:
        record = RuleSetRecord(
            rule_set=rule_set.fingerprint(),
            document=pack(rule_set),
            published_by="risk",
            published_at=published_at,
        )
        return self.write(codec.encode(record), ControlKind.RULE_SET)

    def switch_on(self, *features: FeatureDefinition) -> None:
        for feature in features:
            record = FeatureWarmRecord(feature=feature.name, definition=feature.fingerprint())
            self.write(codec.encode(record), ControlKind.FEATURE_WARM)

    def batches(self, size: int = 7) -> list[LogBatch]:
        polls = [self.messages[at : at + size] for at in range(0, len(self.messages), size)]
        return [batch for poll in polls for batch in cut(0, poll)]


Items = Iterable[LogBatch | object]


def letters(
    items: Items,
    *,
    shards: int = 1,
    workers: int = 1,
    recovery: RecoveryConfig | None = None,
    warmer: Warmer | None = None,
) -> list[Letter]:
    """What the flow sends for these items of the log."""
    sent: list[Written] = []
    read: list[Any] = [
        (key_of(item.cell), item) if isinstance(item, LogBatch) else item for item in items
    ]
    scoring = Scoring(
        topics=TOPICS, shards=shards, clock=lambda: NOON, warmer=warmer or NoHistory()
    )
    flow = build(TestingSource(read), scoring, TestingSink(sent))
    run: Any = run_main if workers == 1 else partial(cluster_main, addresses=[], proc_id=0)
    divided = {} if workers == 1 else {"worker_count_per_proc": workers}
    run(flow, epoch_interval=timedelta(0), recovery_config=recovery, **divided)
    return [letter for _, batch in sent for letter in batch]


def decisions(found: Iterable[Letter]) -> list[Decision]:
    return [
        codec.decode(letter.value, Decision) for letter in found if letter.topic == TOPICS.decisions
    ]


def rejections(found: Iterable[Letter]) -> list[DeadLetter]:
    return [
        codec.decode(letter.value, DeadLetter)
        for letter in found
        if letter.topic == TOPICS.rejected
    ]
