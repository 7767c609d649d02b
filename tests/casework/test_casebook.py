"""The same promises, held by the twin and by Postgres."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, TypeVar
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from casework.desk import PostgresDesk
from casework.memory import MemoryCasebook
from casework.ports import Casebook, Desk, Filing, Letters
from casework.postgres import PostgresCasebook, PostgresLetters
from casework.publications import publication_of
from casework.values import FiledAlert, Rejected, Silence, Watermark
from data_contracts.alert import Alert, AlertKind
from data_contracts.dead_letter import DeadLetter, masked
from data_contracts.decision import Severity
from runtime.migrations import upgrade
from runtime.postgres import Connection, async_pool, connect
from tests.casework.published import RULE_SET, a_record
from tests.factories import NOON, minute

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Room:
    """A store seen through all its ports."""

    casebook: Casebook
    letters: Letters
    ask: Callable[[Callable[[Desk], Awaitable[Answer]]], Answer]


@pytest.fixture(scope="module")
def migrated(postgres_database: str) -> str:
    upgrade(postgres_database, rooms=["casework"])
    return postgres_database


@pytest.fixture
def connection(migrated: str) -> Iterator[Connection]:
    with connect(migrated, "test") as opened:
        yield opened


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.servers)])
def room(request: pytest.FixtureRequest) -> Room:
    if request.param == "memory":
        twin = MemoryCasebook()
        return Room(twin, twin, lambda question: asyncio.run(_awaited(question(twin))))
    opened = request.getfixturevalue("connection")
    dsn = request.getfixturevalue("migrated")
    return Room(PostgresCasebook(opened), PostgresLetters(opened), lambda q: _at_desk(dsn, q))


async def _awaited(answer: Awaitable[Answer]) -> Answer:
    return await answer


def _at_desk(dsn: str, question: Callable[[Desk], Awaitable[Answer]]) -> Answer:
    async def ask() -> Answer:
        async with async_pool(dsn, "test-desk", 1) as pool:
            return await question(PostgresDesk(pool))

    return asyncio.run(ask())


@pytest.fixture
def tenant() -> str:
    return f"bank-{uuid4().hex[:8]}"


@pytest.fixture
def reached() -> Watermark:
    return Watermark(f"decisions-{uuid4().hex[:8]}", 0, position=10, next_offset=11)


def an_alert(tenant: str, at: float = 0, **changes: Any) -> Alert:  # noqa: ANN401  (fields of any type)
    defaults: dict[str, Any] = {
        "alert_id": str(uuid4()),
        "kind": AlertKind.TRANSACTION,
        "entity_kind": "account",
        "entity": "acc-1",
        "severity": Severity.MEDIUM,
        "title": "Card testing",
        "reasons": ("7 payments",),
        "rules": ("card-burst",),
        "raised_at": minute(at),
        "event_id": str(uuid4()),
        "position": 4,
    }
    return Alert(tenant=tenant, **(defaults | changes))


def a_letter(offset: int = 5, value: bytes = b"{", **changes: Any) -> DeadLetter:  # noqa: ANN401  (see above)
    kept, digest, is_masked = masked(value)
    defaults: dict[str, Any] = {
        "topic": "transactions.v1",
        "partition": 0,
        "code": "not-json",
        "pointer": "",
        "reason": "truncated",
    }
    given = {"value": kept, "original_sha256": digest, "is_masked": is_masked, "offset": offset}
    return DeadLetter(**(defaults | given | changes))


def filing(reached: Watermark, *alerts: Alert, **parts: Any) -> Filing:  # noqa: ANN401  (see above)
    return Filing(reached=reached, alerts=[FiledAlert(alert) for alert in alerts], **parts)


def further(reached: Watermark, by: int = 1) -> Watermark:
    return Watermark(
        reached.topic, reached.partition, reached.position + by, reached.next_offset + by
    )


def test_nothing_is_applied_at_first(room: Room, reached: Watermark) -> None:
    assert room.casebook.watermark(reached.topic, 0) is None


def test_alerts_and_watermark_are_filed_together(
    room: Room, reached: Watermark, tenant: str
) -> None:
    alert = an_alert(tenant, reasons=("one", 'two "quoted"'), amount_minor=12, currency="EUR")

    assert room.casebook.file(filing(reached, alert))

    assert room.casebook.watermark(reached.topic, 0) == reached
    assert room.ask(lambda desk: desk.latest_alerts(tenant, 10)) == [alert]


def test_a_batch_that_was_filed_changes_nothing(
    room: Room, reached: Watermark, tenant: str
) -> None:
    room.casebook.file(filing(reached, an_alert(tenant)))

    assert not room.casebook.file(filing(reached, an_alert(tenant)))

    assert len(room.ask(lambda desk: desk.latest_alerts(tenant, 10))) == 1


def test_the_same_alert_under_a_later_watermark_is_filed_once(
    room: Room, reached: Watermark, tenant: str
) -> None:
    alert = an_alert(tenant)
    room.casebook.file(filing(reached, alert, alert))
    room.casebook.file(filing(further(reached), alert))

    (case,) = room.ask(lambda desk: desk.open_cases(tenant, 10))
    assert case.alert_count == 1


def test_a_watermark_never_goes_back(room: Room, reached: Watermark) -> None:
    room.casebook.file(filing(reached))
    room.casebook.file(filing(Watermark(reached.topic, 0, position=-1, next_offset=20)))

    assert room.casebook.watermark(reached.topic, 0) == Watermark(reached.topic, 0, 10, 20)


def test_alerts_of_an_entity_gather_in_one_open_case(
    room: Room, reached: Watermark, tenant: str
) -> None:
    first = an_alert(tenant, at=1, score=60)
    later = an_alert(tenant, at=5, score=40, severity=Severity.CRITICAL)
    other = an_alert(tenant, at=2, entity="acc-2")
    room.casebook.file(filing(reached, first, other))
    room.casebook.file(filing(further(reached), later))

    gravest, least = room.ask(lambda desk: desk.open_cases(tenant, 10))

    assert (gravest.entity, gravest.alert_count, gravest.score) == ("acc-1", 2, 60)
    assert gravest.severity is Severity.CRITICAL
    assert (gravest.first_alert_at, gravest.last_alert_at) == (minute(1), minute(5))
    assert (least.entity, least.alert_count) == ("acc-2", 1)
    assert room.ask(lambda desk: desk.alerts_of(tenant, gravest.case_id)) == [later, first]


def test_the_same_name_of_another_tenant_or_kind_is_another_entity(
    room: Room, reached: Watermark, tenant: str
) -> None:
    room.casebook.file(
        filing(
            reached,
            an_alert(tenant),
            an_alert(f"{tenant}-2"),
            an_alert(tenant, entity_kind="channel", kind=AlertKind.OPERATION, event_id=None),
        )
    )

    assert len(room.ask(lambda desk: desk.open_cases(tenant, 10))) == 2
    assert len(room.ask(lambda desk: desk.open_cases(f"{tenant}-2", 10))) == 1


def test_cases_come_by_priority(room: Room, reached: Watermark, tenant: str) -> None:
    def alert(entity: str, at: float, severity: Severity, score: int) -> Alert:
        return an_alert(tenant, at, entity=entity, severity=severity, score=score)

    room.casebook.file(
        filing(
            reached,
            alert("low", 9, Severity.LOW, 90),
            alert("older", 1, Severity.HIGH, 50),
            alert("newer", 2, Severity.HIGH, 50),
            alert("higher", 0, Severity.HIGH, 51),
        )
    )

    cases = room.ask(lambda desk: desk.open_cases(tenant, 3))
    assert [case.entity for case in cases] == ["higher", "newer", "older"]


def test_quiet_alerts_are_counted_and_shown_only_when_asked_for(
    room: Room, reached: Watermark, tenant: str
) -> None:
    loud, quiet = an_alert(tenant, 1), an_alert(tenant, 2)
    alerts = [FiledAlert(loud), FiledAlert(quiet, quieted_by="card-burst")]
    room.casebook.file(Filing(reached=reached, alerts=alerts))

    assert room.ask(lambda desk: desk.latest_alerts(tenant, 9)) == [loud]
    assert room.ask(lambda desk: desk.latest_alerts(tenant, 9, with_quiet=True)) == [quiet, loud]
    (case,) = room.ask(lambda desk: desk.open_cases(tenant, 9))
    assert (case.alert_count, case.quiet_count) == (2, 1)


def test_silences_are_kept_and_renewed(room: Room, reached: Watermark, tenant: str) -> None:
    silence = Silence(tenant, "card-burst", "card_token", "card-1", minute(60))
    renewed = Silence(tenant, "card-burst", "card_token", "card-1", minute(120))
    room.casebook.file(Filing(reached=reached, silences=[silence]))
    assert room.casebook.silences([silence.place]) == {silence.place: silence}

    room.casebook.file(Filing(reached=further(reached), silences=[renewed]))

    stranger = (tenant, "other", "card_token", "card-1")
    assert room.casebook.silences([silence.place, stranger]) == {silence.place: renewed}
    assert room.casebook.silences([]) == {}


def test_dead_letters_are_kept_once_and_numbered(room: Room, reached: Watermark) -> None:
    topic = reached.topic
    one = Rejected(
        a_letter(5, b"\xff\x00", topic=topic, key=b"k", event_id=str(uuid4()), kind="breaker"), NOON
    )
    other = Rejected(a_letter(6, topic=topic, reason="a \x00 in it"), minute(1))
    room.casebook.file(Filing(reached=reached, rejected=[one, one]))
    room.casebook.file(Filing(reached=further(reached), rejected=[one, other]))

    newest, older = (kept for kept in room.letters.latest(10) if kept.letter.topic == topic)

    assert older.letter == one.letter
    assert older.rejected_at == NOON
    assert newest.number > older.number
    assert newest.letter.offset == 6
    assert room.letters.find(older.number) == older
    assert room.letters.find(10**9) is None


def test_a_letter_is_marked_as_replayed_once(room: Room, reached: Watermark) -> None:
    letter = Rejected(a_letter(topic=reached.topic), NOON)
    room.casebook.file(Filing(reached=reached, rejected=[letter]))
    number = room.letters.latest(1)[0].number
    waiting = room.ask(lambda desk: desk.waiting_letters())

    assert room.letters.mark_replayed(number, "ops-1", minute(3))
    assert not room.letters.mark_replayed(number, "ops-2", minute(4))
    assert room.ask(lambda desk: desk.waiting_letters()) == waiting - 1

    kept = room.letters.find(number)
    assert kept is not None
    assert (kept.replayed_by, kept.replayed_at) == ("ops-1", minute(3))
    assert number in {letter.number for letter in room.letters.latest(9, is_replayed=True)}
    assert number not in {letter.number for letter in room.letters.latest(9, is_replayed=False)}


def test_publications_are_kept_by_position_and_hash(room: Room, reached: Watermark) -> None:
    found = publication_of(0, 7, "rule-set", a_record(), NOON)
    again = publication_of(0, 9, "rule-set", a_record(), NOON + timedelta(hours=1))

    room.casebook.file(Filing(reached=reached, publications=[found]))
    room.casebook.file(Filing(reached=further(reached), publications=[found, again]))

    assert room.casebook.canonical(RULE_SET.fingerprint()) == RULE_SET.canonical()
    assert room.casebook.canonical("00" * 32) is None


@pytest.mark.servers
def test_an_entity_whose_case_was_closed_gets_a_new_one(
    connection: Connection, migrated: str, reached: Watermark, tenant: str
) -> None:
    casebook = PostgresCasebook(connection)
    casebook.file(filing(reached, an_alert(tenant)))
    connection.execute("UPDATE casework.cases SET status = 'closed' WHERE tenant = %s", [tenant])

    casebook.file(filing(further(reached), an_alert(tenant)))

    (case,) = _at_desk(migrated, lambda desk: desk.open_cases(tenant, 9))
    assert case.alert_count == 1


@pytest.mark.servers
@pytest.mark.parametrize("table", ["alerts", "rule_sets", "publications"])
def test_what_was_is_never_changed(
    connection: Connection, reached: Watermark, tenant: str, table: str
) -> None:
    published = publication_of(0, 3, "rule-set", a_record(), NOON)
    casebook = PostgresCasebook(connection)
    casebook.file(replace(filing(reached, an_alert(tenant)), publications=[published]))

    for statement in ("DELETE FROM casework.{}", "TRUNCATE casework.{} CASCADE"):
        with pytest.raises(psycopg.errors.RestrictViolation, match="it is a record of what was"):
            connection.execute(sql.SQL(statement).format(sql.Identifier(table)))


@pytest.mark.servers
def test_a_batch_that_fails_leaves_nothing(
    connection: Connection, migrated: str, reached: Watermark, tenant: str
) -> None:
    casebook = PostgresCasebook(connection)
    broken = an_alert(tenant, event_id=None)

    with pytest.raises(psycopg.errors.CheckViolation):
        casebook.file(filing(reached, an_alert(tenant), broken))

    assert casebook.watermark(reached.topic, 0) is None
    assert _at_desk(migrated, lambda desk: desk.latest_alerts(tenant, 9)) == []
