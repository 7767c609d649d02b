"""A database with all that the audit chain tells of, for the tests that tamper with it."""

from dataclasses import dataclass
from pathlib import Path

import psycopg

from data_contracts.codec import encode
from data_contracts.decision import ListHit, RuleHit, Severity, Verdict
from data_contracts.resolution import ResolutionKind
from data_contracts.transaction import TransactionType
from dataflows.archiving import columns
from dataflows.archiving.columns import Message
from ledger.arrivals import parse_decision
from ledger.postgres import PostgresBooks
from ledger.values import Expiry
from runtime.archive import Archive, Mark
from runtime.audit.checkpoints import Keys, append
from runtime.audit.places import File
from runtime.audit.store import Store
from runtime.postgres import connect
from tests.factories import NOON, a_decision, a_transaction, minute
from tests.ledger.arrivals import a_correction, a_resolution, an_arrival, end, post
from watchkeeper.auditing import Asked, Report, verify

KEYS = Keys.of("only-for-tests-only-for-tests-only")
NOBODY = "INSERT INTO casework.rule_sets VALUES (encode(sha256('{}'), 'hex'), '{}')"
PROPOSE = """
INSERT INTO casework.proposals (rule_set, author, proposed_at, note)
SELECT rule_set, 'ada', now(), 'new' FROM casework.rule_sets
"""
APPROVE = """
INSERT INTO casework.approvals (rule_set, author, approver, approved_at, note)
SELECT rule_set, author, 'bob', now(), '' FROM casework.proposals
"""
PUBLISH = """
INSERT INTO casework.publications (cell, position, kind, record, logged_at)
VALUES (0, %s, 'list-entry', '{"list_id": "a", "value": "b", "recorded_by": "ada"}', now())
"""
WITH_HITS = a_decision(
    transaction=a_transaction(account_id="a\\b"),
    position=9,
    hits=(
        RuleHit(
            rule_id="r-1",
            version=1,
            typology="t",
            severity=Severity.HIGH,
            score=60,
            reason='because "it" is\tso \\ ä',
        ),
    ),
    list_hit=ListHit(list_id="l", field="account_id", reason="asked"),
)
ARRIVALS = (
    an_arrival(1),
    an_arrival(2, Verdict.REVIEW),
    an_arrival(3, Verdict.REVIEW),
    an_arrival(4, Verdict.DECLINE),
    an_arrival(5, amount_minor=77),
)
REFUND = a_correction(7, TransactionType.REFUND)


@dataclass
class House:
    """A database with all that the chain tells of, and a folder for checkpoints."""

    dsn: str
    folder: Path

    def run(self, *statements: str) -> None:
        """What someone does who may do all, with the guards off."""
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            connection.execute("SET session_replication_role = replica")
            for statement in statements:
                connection.execute(statement.encode())

    def seal(self, *, sign: bool = True) -> int:
        with connect(self.dsn, "test") as connection:
            store = Store(connection)
            sealed = len(store.seal(KEYS.sealing, lambda: NOON))
            if sign:
                append(self.folder, KEYS.sign(store.end(), NOON))
        return sealed

    def verify(self, first: int = 1, last: int = 2**63 - 1) -> Report:
        asked = Asked(
            places=[File(self.folder)],
            keys=KEYS,
            archive=self.folder / "archive",
            first=first,
            last=last,
        )
        return verify(self.dsn, asked)

    def kinds(self) -> list[str]:
        with connect(self.dsn, "test") as connection, connection.transaction():
            return [record.note.kind for record in Store(connection).records()]


def archive(folder: Path) -> None:
    """The decisions of `work`, as archiving keeps them."""
    decisions = [
        a_decision(
            transaction=arrival.decision.transaction,
            position=arrival.decision.position,
            verdict=arrival.decision.verdict,
        )
        for arrival in (*ARRIVALS, REFUND)
    ]
    messages = [Message(each.position, 0, encode(each)) for each in (*decisions, WITH_HITS)]
    rows = columns.table(columns.read(messages))
    Archive.open(folder).append(rows, 0, Mark(WITH_HITS.position, WITH_HITS.position + 1))


def work(dsn: str) -> None:
    """Every kind of row that the books have, and of what is published."""
    books = PostgresBooks.at(dsn, "test")
    post(books, *ARRIVALS)
    post(
        books,
        an_arrival(6, transaction_id="at-1", amount_minor=7),
        REFUND,
        parse_decision(encode(WITH_HITS), 0, NOON),
    )
    end(books, a_resolution("at-2", ResolutionKind.POST), next_offset=1)
    books.expire(Expiry(before=minute(1), reason="too old", booked_at=minute(2)))
    books.close()
    with connect(dsn, "test") as connection:
        for statement in (NOBODY, PROPOSE, APPROVE):
            connection.execute(statement.encode())
        for position in (1, 2):
            connection.execute(PUBLISH.encode(), [position])
