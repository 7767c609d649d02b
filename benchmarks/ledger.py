"""How fast decisions become books: from the bytes of a decision to a committed batch.

    python -m benchmarks.ledger --postgres "host=… dbname=…" [--seconds 10] [--json]

The database must be one that may be emptied. Measures one writer on 100,000 accounts at random,
all on one hot account, and one transaction at a time, then runs every invariant over the result.
"""

import argparse
import gc
import itertools
import json
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from data_contracts import ids
from data_contracts.codec import encode
from data_contracts.decision import Decision, RuleHit, Severity, Verdict
from data_contracts.topics import DECISIONS
from data_contracts.transaction import Channel, Direction, Transaction, TransactionType
from dataflows.posting.process import COLLECT_AFTER
from ledger.arrivals import parse_decision
from ledger.invariants import check
from ledger.postgres import PostgresBooks
from ledger.values import Postings
from runtime import migrations
from runtime.postgres import connect

TOPIC = "benchmark"
ACCOUNTS = 100_000
BATCH = 2_000
START = datetime(2026, 11, 1, tzinfo=UTC)
SHARES = {Verdict.APPROVE: 97, Verdict.REVIEW: 2, Verdict.DECLINE: 1}
HITS = (
    RuleHit(
        rule_id="card-velocity-10m",
        version=3,
        typology="card-testing",
        severity=Severity.HIGH,
        score=60,
        reason="7 payments by one card within 10 minutes",
    ),
)


@dataclass(slots=True)
class Source:
    """Decisions as they would stand in the log, from a seed; positions go on and on."""

    draws: random.Random
    position: int = 0

    def batch(self, size: int, accounts: int) -> Sequence[bytes]:
        """The next decisions, on that many accounts."""
        return [self._next(f"account-{self.draws.randrange(accounts)}") for _ in range(size)]

    def _next(self, account: str) -> bytes:
        self.position += 1
        transaction = self._transaction(account)
        event = ids.event_id(transaction.tenant, transaction.transaction_id)
        (verdict,) = self.draws.choices(tuple(SHARES), tuple(SHARES.values()))
        return encode(
            Decision(
                decision_id=ids.text(ids.derived_id(event, "decision")),
                event_id=ids.text(event),
                cell=0,
                position=self.position,
                verdict=verdict,
                score=0 if verdict is Verdict.APPROVE else 60,
                rule_set="5" * 64,
                hits=() if verdict is Verdict.APPROVE else HITS,
                features={f"card_count_{number}m": number for number in range(12)},
                transaction=transaction,
            )
        )

    def _transaction(self, account: str) -> Transaction:
        at = START + timedelta(milliseconds=self.position)
        return Transaction(
            transaction_id=f"t-{self.position}-{self.draws.getrandbits(32):08x}",
            account_id=account,
            type=TransactionType.CARD_PAYMENT,
            direction=Direction.DEBIT,
            amount_minor=self.draws.randrange(1, 100_000),
            currency="EUR",
            occurred_at=at,
            channel=Channel.CARD,
            card_token=f"card-{self.draws.getrandbits(32):08x}",
            merchant_id=f"merchant-{self.position % 5000}",
            merchant_category="5411",
            country="DE",
            tenant="demo",
            received_at=at,
        )


def _batches(source: Source, size: int, accounts: int) -> Iterator[Sequence[bytes]]:
    return (source.batch(size, accounts) for _ in itertools.count())


def per_second(books: PostgresBooks, batches: Iterator[Sequence[bytes]], seconds: float) -> float:
    """Transactions a second of one writer; making them is not counted."""
    done, spent = 0, 0.0
    while spent < seconds:
        raws = next(batches)
        begun = time.perf_counter()
        arrivals = [parse_decision(raw, 0, START) for raw in raws]
        position = arrivals[-1].movement.position
        books.post(
            Postings(
                topic=TOPIC,
                partition=0,
                next_offset=position + 1,
                arrivals=arrivals,
                booked_at=START,
            ),
            lambda _conflicts: None,
        )
        spent += time.perf_counter() - begun
        done += len(raws)
    return done / spent


def measure(dsn: str, seconds: float) -> dict[str, float | bool]:
    """Empty the books, then fill them in three ways."""
    migrations.downgrade(dsn, "ledger@base", rooms=["ledger"])
    migrations.upgrade(dsn, "ledger@head", rooms=["ledger"])
    books, source = PostgresBooks.at(dsn, "benchmark"), Source(random.Random(5))  # noqa: S311  (a seed)
    per_second(books, _batches(source, BATCH, ACCOUNTS), seconds)  # Opens the accounts.
    figures: dict[str, float | bool] = {
        "transactions_per_second": per_second(books, _batches(source, BATCH, ACCOUNTS), seconds),
        "hot_account_per_second": per_second(books, _batches(source, BATCH, 1), seconds),
        "one_by_one_per_second": per_second(books, _batches(source, 1, ACCOUNTS), seconds / 2),
    }
    books.close()
    with connect(dsn, "benchmark", statement_seconds=600) as connection:
        found = check(connection, replace(DECISIONS, name=TOPIC))
        figures["invariants_hold"] = all(finding.holds for finding in found)
    return figures


def main() -> None:
    """Measure, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--postgres", required=True, help="a database that may be emptied")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)
    figures = measure(given.postgres, given.seconds)
    if given.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:26} {value:>10,.0f}")


if __name__ == "__main__":
    main()
