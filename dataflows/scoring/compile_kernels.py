"""Machine code of every kernel: one batch through each, before the first event waits for it.

`python -m dataflows.scoring.compile_kernels` compiles it once per machine: about ten seconds.
"""

from datetime import UTC, datetime

from data_contracts.transaction import Channel, Direction, Transaction, TransactionType
from dataflows.scoring.recent_ids import RecentIds
from rules.features.columns import columns_of
from rules.features.fields import HOUR_MS
from rules.features.plan import Plan
from rules.features.shard import FeatureShard, restored
from rules.model import Aggregate, FeatureDefinition

MORE_KEYS = 1_000  # Than fit without growing.
_INSTANT = datetime(2026, 1, 1, tzinfo=UTC)


def _definition(aggregate: Aggregate, of: str, *, is_tiled: bool) -> FeatureDefinition:
    by = ("account_id",)
    window, tile = (2 * HOUR_MS, HOUR_MS) if is_tiled else (HOUR_MS, None)
    return FeatureDefinition(
        name="compiling", aggregate=aggregate, of=of, by=by, at=by, window_ms=window, tile_ms=tile
    )


def compile_kernels() -> None:
    """Compile, or load what was compiled before, all that scoring calls."""
    definitions = [
        _definition(Aggregate.SUM, "amount_minor", is_tiled=False),
        _definition(Aggregate.DISTINCT, "currency", is_tiled=True),
    ]
    plan = Plan.of(definitions)
    transaction = Transaction(
        tenant="compiling",
        transaction_id="compiling",
        account_id="compiling",
        type=TransactionType.TRANSFER,
        direction=Direction.DEBIT,
        amount_minor=1,
        currency="EUR",
        occurred_at=_INSTANT,
        received_at=_INSTANT,
        channel=Channel.API,
    )
    columns = columns_of(plan, [transaction], 0, [])
    shard = FeatureShard(plan)
    shard.observe(columns)
    shard = restored(shard.snapshot())
    shard.observe(columns)
    for group in shard.groups.values():
        group.make_room(MORE_KEYS, 0)
    shard.adopt(Plan.of(definitions[:1]))
    recent = RecentIds()
    recent.note([bytes(16)], [0])
    recent.restore(recent.snapshot())


if __name__ == "__main__":
    compile_kernels()
