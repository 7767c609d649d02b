"""Two persons: the same promises, held by the twin and by the database itself."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

import psycopg
import pytest

from casework.memory_rules import MemoryRuleBook
from casework.ports import RuleBook
from casework.publications import publication_of
from casework.publishing import ApprovedBefore, OwnProposal, UnknownProposal
from casework.rule_book import PostgresRuleBook
from casework.values import Approval, Proposal, PublishedSet
from data_contracts import codec
from data_contracts.control import BreakerRecord, ListEntryRecord, Publishing
from rules.model import RuleSet
from runtime.migrations import upgrade
from runtime.postgres import async_pool, connect
from tests.casework.published import RULE_SET, a_record
from tests.factories import NOON
from tests.rules.rule_sets import a_rule, a_rule_set

Answer = TypeVar("Answer")
pytestmark = pytest.mark.servers


@dataclass(frozen=True, slots=True)
class Room:
    """A rule book that is asked from an event loop of its own; None: the twin."""

    dsn: str | None
    twin: MemoryRuleBook = field(default_factory=MemoryRuleBook)

    def ask(self, question: Callable[[RuleBook], Awaitable[Answer]]) -> Answer:
        return asyncio.run(self._asked(question))

    async def _asked(self, question: Callable[[RuleBook], Awaitable[Answer]]) -> Answer:
        if self.dsn is None:
            return await question(self.twin)
        async with async_pool(self.dsn, "test-rule-book", 1) as pool:
            return await question(PostgresRuleBook(pool))


@pytest.fixture(scope="module")
def migrated(postgres_database: str) -> str:
    upgrade(postgres_database, rooms=["casework"])
    return postgres_database


@pytest.fixture(params=["memory", "postgres"])
def room(request: pytest.FixtureRequest) -> Room:
    return Room(request.getfixturevalue("migrated") if request.param == "postgres" else None)


def a_proposal(rule_set: RuleSet, author: str = "Rosa", minutes: int = 0) -> Proposal:
    return Proposal(
        rule_set=rule_set.fingerprint(),
        author=author,
        proposed_at=NOON + timedelta(minutes=minutes),
        note="fewer false alarms",
    )


def propose(room: Room, rule_set: RuleSet, author: str = "Rosa", minutes: int = 0) -> Proposal:
    proposal = a_proposal(rule_set, author, minutes)
    return room.ask(lambda book: book.propose(proposal, rule_set.canonical()))


def approve(room: Room, rule_set: RuleSet, approver: str) -> None:
    yes = Approval(approver=approver, approved_at=NOON, note="seen")
    room.ask(lambda book: book.approve(rule_set.fingerprint(), yes))


def numbered(number: int) -> RuleSet:
    return a_rule_set(a_rule(version=number))


def test_a_set_is_kept_with_its_first_author(room: Room) -> None:
    one = numbered(1)
    assert propose(room, one) == a_proposal(one)
    assert propose(room, one, "Theo", 5) == a_proposal(one)
    assert room.ask(lambda book: book.canonical(one.fingerprint())) == one.canonical()
    assert room.ask(lambda book: book.proposal(one.fingerprint())) == a_proposal(one)
    assert room.ask(lambda book: book.proposal("0" * 64)) is None
    assert room.ask(lambda book: book.canonical("0" * 64)) is None


@pytest.mark.parametrize("name", ["Rosa", "rosa"])
def test_the_author_cannot_approve(room: Room, name: str) -> None:
    propose(room, numbered(2))
    with pytest.raises(OwnProposal):
        approve(room, numbered(2), name)
    found = room.ask(lambda book: book.proposal(numbered(2).fingerprint()))
    assert found is not None
    assert found.approvals == ()


def test_another_person_approves_once(room: Room) -> None:
    propose(room, numbered(3))
    approve(room, numbered(3), "Theo")
    with pytest.raises(ApprovedBefore):
        approve(room, numbered(3), "THEO")
    approve(room, numbered(3), "Ada")
    found = room.ask(lambda book: book.proposal(numbered(3).fingerprint()))
    assert found is not None
    assert {yes.approver for yes in found.approvals} == {"Theo", "Ada"}
    assert found.approvals[0].note == "seen"


def test_what_nobody_proposed_cannot_be_approved(room: Room) -> None:
    with pytest.raises(UnknownProposal):
        approve(room, numbered(4), "Theo")


def test_the_newest_proposals_come_first(room: Room) -> None:
    for number in (50, 51, 52):
        propose(room, numbered(number), minutes=number)
    newest = room.ask(lambda book: book.proposals(2))
    assert [each.rule_set for each in newest] == [
        numbered(52).fingerprint(),
        numbered(51).fingerprint(),
    ]


def test_what_was_published_is_told_in_order_and_kept_once(room: Room) -> None:
    propose(room, RULE_SET)
    first = a_record(act=Publishing.BOOTSTRAP)
    second = a_record(act=Publishing.ROLLBACK, reason="too loud", approved_by="Theo", author="Rosa")
    for position, value in ((9, second), (4, first), (4, second)):
        publication = publication_of(0, position, "rule-set", value, NOON)
        room.ask(lambda book, one=publication: book.keep([one]))  # type: ignore[misc]  # a default
    assert room.ask(lambda book: book.published()) == [
        PublishedSet(
            cell=0,
            position=4,
            rule_set=RULE_SET.fingerprint(),
            published_by="risk-1",
            published_at=NOON,
            act=Publishing.BOOTSTRAP,
        ),
        PublishedSet(
            cell=0,
            position=9,
            rule_set=RULE_SET.fingerprint(),
            published_by="risk-1",
            published_at=NOON,
            author="Rosa",
            approved_by="Theo",
            act=Publishing.ROLLBACK,
            reason="too loud",
        ),
    ]


def an_entry(value: str, **changes: object) -> ListEntryRecord:
    fields: dict[str, object] = {
        "list_id": "blocked",
        "reason": "stolen",
        "owner": "fraud",
        "recorded_at": NOON,
    }
    return ListEntryRecord(value=value, **(fields | changes))  # type: ignore[arg-type]  # any field


def test_breakers_come_in_order_and_of_each_entry_the_newest(room: Room) -> None:
    trip = BreakerRecord(rule_id="r", is_tripped=True, reason="much", recorded_at=NOON)
    reset = BreakerRecord(
        rule_id="r", is_tripped=False, reason="mended", recorded_at=NOON, recorded_by="Rosa"
    )
    other = an_entry("d-1", list_id="others")
    log = {
        21: ("breaker", trip),
        22: ("list-entry", an_entry("d-1")),
        23: ("breaker", reset),
        24: ("list-entry", an_entry("d-2")),
        25: ("list-entry", an_entry("d-1", removed=True)),
        26: ("list-entry", other),
    }
    publications = [
        publication_of(0, position, kind, codec.encode(record), NOON)
        for position, (kind, record) in log.items()
    ]
    room.ask(lambda book: book.keep(publications))
    assert room.ask(lambda book: book.breakers()) == [(0, trip), (0, reset)]
    newest = [an_entry("d-1", removed=True), an_entry("d-2")]
    assert room.ask(lambda book: book.entries("blocked")) == newest
    assert room.ask(lambda book: book.entries()) == [*newest, other]


@pytest.mark.parametrize(
    ("statement", "refusal"),
    [
        (
            "INSERT INTO casework.approvals VALUES (%(hash)s, 'Rosa', 'rosa', now(), '')",
            psycopg.errors.CheckViolation,
        ),
        (
            "INSERT INTO casework.approvals VALUES (%(hash)s, 'Somebody', 'Rosa', now(), '')",
            psycopg.errors.ForeignKeyViolation,
        ),
        (
            "UPDATE casework.proposals SET author = 'Theo' WHERE rule_set = %(hash)s",
            psycopg.errors.RestrictViolation,
        ),
        (
            "DELETE FROM casework.proposals WHERE rule_set = %(hash)s",
            psycopg.errors.RestrictViolation,
        ),
        ("TRUNCATE casework.approvals", psycopg.errors.RestrictViolation),
    ],
)
def test_no_statement_goes_round_the_second_person(
    migrated: str, statement: str, refusal: type[psycopg.Error]
) -> None:
    propose(Room(migrated), numbered(6))
    with connect(migrated, "test") as connection, pytest.raises(refusal):
        connection.execute(statement, {"hash": numbered(6).fingerprint()})
