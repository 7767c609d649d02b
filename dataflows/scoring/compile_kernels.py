"""Machine code of every kernel: batches through all of scoring, before an event waits for it.

`python -m dataflows.scoring.compile_kernels` compiles it once per machine: about half a minute.
"""

from datetime import UTC, datetime

from data_contracts import codec
from data_contracts.control import ControlKind, RuleSetRecord
from data_contracts.decision import SCORE_MAX
from data_contracts.transaction import Channel, Direction, Transaction, TransactionType
from dataflows.connectors import LogBatch, Logged
from dataflows.scoring.scorer import Scorer
from dataflows.scoring.topics import Topics
from rules.features.fields import HOUR_MS
from rules.features.plan import Plan
from rules.model import Aggregate, FeatureDefinition, Policy, RuleSet
from rules.rule_set import pack

MORE_KEYS = 1_000  # Than fit without growing.
_INSTANT = datetime(2026, 1, 1, tzinfo=UTC)


def _definition(aggregate: Aggregate, of: str, *, is_tiled: bool) -> FeatureDefinition:
    by = ("account_id",)
    window, tile = (2 * HOUR_MS, HOUR_MS) if is_tiled else (HOUR_MS, None)
    return FeatureDefinition(
        name=f"compiling_{aggregate}",
        aggregate=aggregate,
        of=of,
        by=by,
        at=by,
        window_ms=window,
        tile_ms=tile,
    )


_FEATURES = (
    _definition(Aggregate.DISTINCT, "currency", is_tiled=True),
    _definition(Aggregate.LAST, "country", is_tiled=False),
    _definition(Aggregate.SUM, "amount_minor", is_tiled=False),
)


def _transaction(number: int) -> Logged:
    transaction = Transaction(
        tenant="compiling",
        transaction_id=f"compiling-{number}",
        account_id="compiling",
        type=TransactionType.TRANSFER,
        direction=Direction.DEBIT,
        amount_minor=1,
        currency="EUR",
        occurred_at=_INSTANT,
        received_at=_INSTANT,
        channel=Channel.API,
    )
    return Logged(number, codec.encode(transaction))


def _rules() -> Logged:
    rule_set = RuleSet(
        features=_FEATURES, policy=Policy(review_at=SCORE_MAX + 1, decline_at=SCORE_MAX + 1)
    )
    record = RuleSetRecord(
        rule_set=rule_set.fingerprint(),
        document=pack(rule_set),
        published_by="compiling",
        published_at=_INSTANT,
    )
    return Logged(0, codec.encode(record), kind=ControlKind.RULE_SET)


def compile_kernels() -> None:
    """Compile, or load what was compiled before, all that scoring calls."""
    scorer = Scorer(Topics())
    scorer.score(LogBatch(0, [_rules()]))
    scorer.score(LogBatch(0, [_transaction(1), _transaction(2)]))
    saved, scorer = scorer.snapshot(), Scorer(Topics())
    scorer.restore(saved)
    scorer.score(LogBatch(0, [_transaction(3)]))
    for group in scorer.features.groups.values():
        group.make_room(MORE_KEYS, 0)
    scorer.features.adopt(Plan.of(_FEATURES[:1]))


if __name__ == "__main__":
    compile_kernels()
