"""The way into the log: each natural id once, nothing lost, nothing remembered too early."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from hypothesis import given

from api.intake import (
    BATCH_SECONDS,
    SINGLE_SECONDS,
    Fate,
    Intake,
    Receipts,
    Writer,
    cell_of,
    stamp,
)
from api.memory import LEASE_SECONDS, MemoryLog, MemoryNaturalIds
from api.ports import Claim, Known, LogAway, MemoryAway
from data_contracts.codec import encode
from data_contracts.door import parse_stored
from data_contracts.ids import event_id
from data_contracts.transaction import Transaction, TransactionRequest
from tests.data_contracts.strategies import transactions
from tests.factories import NOON, a_request

INTAKE = Intake("demo", NOON, SINGLE_SECONDS)


@dataclass(slots=True)
class Desk:
    """A writer on twins, and its clock."""

    seconds: float = 0.0
    log: MemoryLog = field(default_factory=MemoryLog)
    natural_ids: MemoryNaturalIds = field(init=False)

    def __post_init__(self) -> None:
        self.natural_ids = MemoryNaturalIds(lambda: self.seconds)

    def write(self, *requests: TransactionRequest, intake: Intake = INTAKE) -> Receipts:
        return asyncio.run(Writer(self.natural_ids, self.log).write(intake, requests))

    def fates(self, *requests: TransactionRequest, intake: Intake = INTAKE) -> list[Fate]:
        return [receipt.fate for receipt in self.write(*requests, intake=intake).receipts]

    def events(self) -> list[bytes]:
        return [event for event, _ in self.log.cells.get(0, [])]


def test_a_new_transaction_is_written_with_its_tenant_and_time() -> None:
    desk, request = Desk(), a_request()
    (receipt,) = desk.write(request).receipts
    ((event, value),) = desk.log.cells[0]
    transaction, canonical = parse_stored(value)
    assert (receipt.fate, receipt.position) == (Fate.ACCEPTED, 0)
    assert receipt.event == event == event_id("demo", request.transaction_id)
    assert (transaction.tenant, transaction.received_at) == ("demo", NOON)
    assert canonical == value


def test_the_same_again_is_a_duplicate_with_the_same_position() -> None:
    desk, request = Desk(), a_request()
    desk.write(a_request(), request)
    again = desk.write(request).receipts[0]
    assert (again.fate, again.position) == (Fate.DUPLICATE, 1)
    assert len(desk.events()) == 2


def test_the_same_again_at_another_time_is_still_a_duplicate() -> None:
    desk, request = Desk(), a_request()
    desk.write(request)
    later = Intake("demo", NOON + timedelta(hours=1), SINGLE_SECONDS)
    assert desk.fates(request, intake=later) == [Fate.DUPLICATE]


def test_the_same_id_for_something_else_is_a_conflict() -> None:
    desk = Desk()
    desk.write(a_request(transaction_id="t"))
    assert desk.fates(a_request(transaction_id="t", amount_minor=1)) == [Fate.CONFLICT]
    assert len(desk.events()) == 1


def test_the_same_id_of_another_tenant_is_another_transaction() -> None:
    desk, request = Desk(), a_request()
    desk.write(request)
    other = Intake("other", NOON, SINGLE_SECONDS)
    assert desk.fates(request, intake=other) == [Fate.ACCEPTED]


def test_within_a_batch_the_first_of_an_id_counts() -> None:
    desk, request = Desk(), a_request(transaction_id="t")
    other = a_request(transaction_id="t", amount_minor=1)
    fates = desk.fates(request, other, a_request(), request)
    assert fates == [Fate.ACCEPTED, Fate.CONFLICT, Fate.ACCEPTED, Fate.DUPLICATE]
    assert len(desk.events()) == 2


def test_a_batch_is_written_in_its_order() -> None:
    desk, requests = Desk(), [a_request() for _ in range(20)]
    desk.write(*requests)
    expected = [event_id("demo", request.transaction_id) for request in requests]
    assert desk.events() == expected


@pytest.mark.parametrize("seconds", [SINGLE_SECONDS, BATCH_SECONDS])
def test_an_id_is_remembered_as_long_as_was_said(seconds: int) -> None:
    desk, request = Desk(), a_request()
    intake = Intake("demo", NOON, seconds)
    desk.write(request, intake=intake)
    desk.seconds = seconds - 1
    assert desk.fates(request, intake=intake) == [Fate.DUPLICATE]
    desk.seconds = seconds
    assert desk.fates(request, intake=intake) == [Fate.ACCEPTED]


class Died(RuntimeError):
    """The process ended here."""


@dataclass(slots=True)
class DyingIds:
    """The memory of a process that dies after the acknowledgement, before it could remember."""

    natural_ids: MemoryNaturalIds

    async def claim(self, owner: bytes, claims: Sequence[Claim]) -> Mapping[bytes, Known]:
        return await self.natural_ids.claim(owner, claims)

    async def complete(self, *_: object) -> None:
        raise Died

    async def known(self, event: bytes) -> Known | None:
        return await self.natural_ids.known(event)


def test_a_death_after_the_acknowledgement_leads_to_a_copy_under_the_same_id() -> None:
    desk, request = Desk(), a_request()
    with pytest.raises(Died):
        asyncio.run(Writer(DyingIds(desk.natural_ids), desk.log).write(INTAKE, [request]))
    desk.seconds = LEASE_SECONDS
    assert desk.fates(request) == [Fate.ACCEPTED]
    assert desk.events() == [event_id("demo", request.transaction_id)] * 2


@dataclass(slots=True)
class DeadLog:
    """The log of a process that dies before the acknowledgement."""

    async def append(self, *_: object) -> Mapping[bytes, int]:
        raise Died


def test_a_death_before_the_acknowledgement_loses_nothing_and_blocks_for_a_lease_only() -> None:
    desk, request = Desk(), a_request()
    with pytest.raises(Died):
        asyncio.run(Writer(desk.natural_ids, DeadLog()).write(INTAKE, [request]))
    assert desk.fates(request) == [Fate.IN_PROGRESS]
    assert not desk.events()
    desk.seconds = LEASE_SECONDS
    assert desk.fates(request) == [Fate.ACCEPTED]


def test_what_the_log_did_not_take_is_free_at_once_and_what_it_took_is_not() -> None:
    desk, requests = Desk(log=MemoryLog(failing_after=2)), [a_request() for _ in range(4)]
    with pytest.raises(LogAway):
        desk.write(*requests)
    desk.log.failing_after = None
    assert desk.fates(*requests) == [Fate.DUPLICATE] * 2 + [Fate.ACCEPTED] * 2
    assert len(desk.events()) == 4


def test_without_the_memory_everything_is_taken_and_said_to_be_degraded() -> None:
    desk, request = Desk(), a_request()
    desk.natural_ids.is_away = True
    found = desk.write(request, request)
    assert found.is_degraded
    assert [receipt.fate for receipt in found.receipts] == [Fate.ACCEPTED, Fate.DUPLICATE]
    desk.write(request)
    assert desk.events() == [event_id("demo", request.transaction_id)] * 2


@dataclass(slots=True)
class ForgetfulIds(DyingIds):
    """A memory that goes away after the claim."""

    async def complete(self, *_: object) -> None:
        raise MemoryAway("gone")


def test_a_memory_that_goes_away_after_the_acknowledgement_changes_the_word_only() -> None:
    desk, request = Desk(), a_request()
    writer = Writer(ForgetfulIds(desk.natural_ids), desk.log)
    found = asyncio.run(writer.write(INTAKE, [request]))
    assert found.is_degraded
    assert found.receipts[0].fate is Fate.ACCEPTED


@dataclass(slots=True)
class SlowLog:
    """A log that lets everybody else go first before it acknowledges."""

    log: MemoryLog
    turns: int = 3

    async def append(self, cell: int, messages: Mapping[bytes, bytes]) -> Mapping[bytes, int]:
        for _ in range(self.turns):
            await asyncio.sleep(0)
        return await self.log.append(cell, messages)


def test_of_fifty_at_once_one_writes_and_the_others_wait_for_its_answer() -> None:
    desk, request = Desk(), a_request()
    writer = Writer(desk.natural_ids, SlowLog(desk.log))

    async def all_at_once() -> Sequence[Receipts]:
        return await asyncio.gather(*(writer.write(INTAKE, [request]) for _ in range(50)))

    receipts = [found.receipts[0] for found in asyncio.run(all_at_once())]
    assert sorted(receipt.fate for receipt in receipts) == [Fate.ACCEPTED] + [Fate.DUPLICATE] * 49
    assert {receipt.position for receipt in receipts} == {0}
    assert len(desk.events()) == 1


@given(transactions())
def test_a_stamped_request_is_the_canonical_form_of_the_stored_transaction(
    transaction: Transaction,
) -> None:
    fields = {name: getattr(transaction, name) for name in TransactionRequest.__struct_fields__}
    request = TransactionRequest(**fields)
    ending = stamp(transaction.tenant, transaction.received_at)
    assert encode(request)[:-1] + ending == encode(transaction)


def test_a_tenant_stays_in_its_cell() -> None:
    cells = [cell_of(f"tenant-{number}", 4) for number in range(100)]
    assert cells == [cell_of(f"tenant-{number}", 4) for number in range(100)]
    assert set(cells) == {0, 1, 2, 3}
