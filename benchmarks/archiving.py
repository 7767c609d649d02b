"""What a row of the archive costs: `python benchmarks/archiving.py [rows]`."""

import gc
import random
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock
from time import perf_counter, process_time

import msgspec

from data_contracts.codec import encode
from data_contracts.decision import Decision, RuleHit, Severity, Verdict
from data_contracts.ids import derived_id, event_id, text
from data_contracts.transaction import Channel, Direction, Transaction, TransactionType
from dataflows.archiving import columns
from dataflows.archiving.__main__ import COLLECT_AFTER
from dataflows.archiving.archiver import Archiver, Store
from dataflows.archiving.buffer import ROWS_MAX, Patience
from dataflows.archiving.columns import Message
from dataflows.archiving.copies import short_ids
from runtime.archive import Archive, Housekeeping

ROWS = 200_000
FEATURES = 20
HIT = RuleHit(
    rule_id="card-burst",
    version=1,
    typology="card-testing",
    severity=Severity.HIGH,
    score=60,
    reason="7 payments within ten minutes",
)
START = datetime(2026, 3, 2, tzinfo=UTC)


def decision(number: int, dice: random.Random) -> Decision:
    """One of fifty has a hit; features are mostly numbers that no compression helps."""
    at = START + timedelta(milliseconds=10 * number)
    transaction = Transaction(
        tenant="demo",
        transaction_id=f"t-{number}",
        account_id=f"account-{dice.randrange(5_000)}",
        type=TransactionType.CARD_PAYMENT,
        direction=Direction.DEBIT,
        amount_minor=dice.randrange(1, 100_000),
        currency="EUR",
        occurred_at=at,
        received_at=at,
        channel=Channel.CARD,
        card_token=f"card-{dice.randrange(9_000)}",
        merchant_id=f"merchant-{dice.randrange(500)}",
        merchant_category="5411",
        merchant_country="DE",
        country="DE",
    )
    event = event_id(transaction.tenant, transaction.transaction_id)
    hits = (HIT,) if dice.random() < 0.02 else ()  # noqa: PLR2004
    return Decision(
        decision_id=text(derived_id(event, "decision")),
        event_id=text(event),
        cell=0,
        position=number,
        verdict=Verdict.REVIEW if hits else Verdict.APPROVE,
        score=60 if hits else 0,
        rule_set="a" * 64,
        hits=hits,
        features={f"feature_{index}": dice.random() * 1_000 for index in range(FEATURES)},
        transaction=transaction,
    )


class Steps(dict[str, float]):
    """Seconds by step."""

    @contextmanager
    def timed(self, step: str, clock: Callable[[], float]) -> Iterator[None]:
        """Add the time of the block to a step."""
        begun = clock()
        yield
        self[step] = self.get(step, 0.0) + clock() - begun


def measure(messages: list[Message], archiver: Archiver, steps: Steps) -> None:
    """Each step alone, then all of it as the process does it."""
    with steps.timed("decode", perf_counter):
        found = columns.read(messages)
    with steps.timed("columns", perf_counter):
        columns.table(found)
    with steps.timed("look for copies", perf_counter):
        archiver.index.first(short_ids([row.event_id for row in found.rows]))
    with steps.timed("all, and append", perf_counter), steps.timed("processor, all", process_time):
        archiver.take(messages, messages[-1].offset + 1, START)


def main() -> None:
    """Print microseconds per row."""
    rows = int(sys.argv[1]) if sys.argv[1:] else ROWS
    dice = random.Random(1)  # noqa: S311  (a repeatable benchmark)
    gc.set_threshold(*COLLECT_AFTER)
    steps = Steps()
    with tempfile.TemporaryDirectory() as folder:
        archive = Archive.open(Path(folder, "transactions"))
        store = Store(archive, Housekeeping.of(archive, START), Lock())
        archiver = Archiver.open(store, 0, Path(folder, "ids"), Patience(longest=timedelta(0)))
        for start in range(0, rows, ROWS_MAX):
            numbers = range(start, min(rows, start + ROWS_MAX))
            made = [Message(number, 0, encode(decision(number, dice))) for number in numbers]
            measure(made, archiver, steps)
        size = sum(Path(file).stat().st_size for file in archive.files())
    figures = {step: round(seconds / rows * 1e6, 2) for step, seconds in steps.items()}
    print(msgspec.json.encode(figures | {"bytes a row": round(size / rows, 1)}).decode())


if __name__ == "__main__":
    main()
