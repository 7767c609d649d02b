"""A small catalogue, a file of transactions, and what the naive judge says of them."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from random import Random

import msgspec
import polars as pl

from data_contracts.transaction import Transaction
from dataflows.archiving import columns
from rules.evaluation import Judgement, compile_rule_set
from rules.features import naive
from rules.model import RuleSet
from rules.predicates import holds
from runtime.archive import Archive, Mark
from tests.factories import NOON, a_decision, a_transaction
from tests.rules.catalogues import NEIGHBOUR, write

RISKY = "catalogue/card-testing/neighbour.yaml"
LARGE = "catalogue/velocity/large.yaml"
COUNTING = NEIGHBOUR.replace("score: 10", "score: 60\nsuppress: {by: card_token, for: 2h}")
AMOUNT = """\
id: large
version: 1
title: A large payment
typology: velocity
severity: low
owner: card-fraud
status: live
when: amount_minor >= 9000
score: 50
reason: "{amount_minor}"
runbook: Look at it.
tests:
  - name: a hit
    event: {amount_minor: 9000}
    hit: true
  - name: a miss
    event: {amount_minor: 8999}
    hit: false
"""


def catalogue(root: Path, **changes: str) -> Path:
    """A catalogue of two rules; `policy`, `counting` or `amount` replace a file's text."""
    files = {RISKY: changes.get("counting", COUNTING), LARGE: changes.get("amount", AMOUNT)}
    if "policy" in changes:
        files["policy.yaml"] = changes["policy"]
    return write(root, files)


def transactions(count: int = 150) -> list[Transaction]:
    """Twenty hours of a few cards; some arrive late, and none twice."""
    draw = Random(7)  # noqa: S311  (any numbers will do)
    found = []
    for number in range(count):
        customer = draw.randrange(4)
        minutes = number * 8 - draw.choice([0, 0, 0, 45])
        found.append(
            a_transaction(
                transaction_id=f"t-{number}",
                account_id=f"acc-{customer}",
                card_token=f"card-{customer}",
                amount_minor=draw.randrange(100, 10_000),
                country=draw.choice(["DE", "KP"]),
                occurred_at=NOON + timedelta(minutes=minutes),
                received_at=NOON + timedelta(minutes=number * 8),
            )
        )
    return found


def file_of(found: Sequence[Transaction], path: Path) -> Path:
    """Write them in the contract's own columns, with a column of labels."""
    rows = [
        msgspec.structs.asdict(item) | {"is_fraud": number % 10 == 0}
        for number, item in enumerate(found)
    ]
    pl.DataFrame(rows, infer_schema_length=None).write_parquet(path)
    return path


def judgements(found: Sequence[Transaction], rule_set: RuleSet) -> list[Judgement]:
    """The slow and obvious way: naive features, then the rules, one after the other."""
    evaluator = compile_rule_set(rule_set)
    return [
        evaluator.judge(transaction, [value for value, _ in row.values()])
        for transaction, row in zip(
            found, naive.values(rule_set.features, found, holds), strict=True
        )
    ]


def archive_of(found: Sequence[Transaction], data: Path) -> None:
    """Put them into the archive of a stack, as if each had been approved."""
    rows = [
        columns.row(a_decision(position=position, transaction=transaction))
        for position, transaction in enumerate(found)
    ]
    table = columns.table(columns.Read(rows, [0] * len(rows), ()))
    archive = Archive.open(data / "archive" / "transactions")
    assert archive.append(table, 0, Mark(len(rows) - 1, len(rows)))
