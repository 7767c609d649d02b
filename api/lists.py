"""Block and allow lists: an entry comes or goes as a record in the log, with its reason and end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import msgspec
from fastapi import Depends, FastAPI, Response

from api.answers import JSON
from api.authentication import Principal
from api.books import at_hand
from api.controls import Controls, Positions
from api.guard import Admitted, Guard, Visit, identifier
from api.permissions import Action
from api.problems import Refusal
from api.services import Services
from casework.publishing import newest_by_cell
from data_contracts.codec import encode
from data_contracts.control import ListEntryRecord
from data_contracts.door import parse_strictly
from data_contracts.money import AMOUNT_MINOR_MAX
from data_contracts.transaction import Identifier, Instant
from rules.entries import Entries, entry_of
from rules.instants import from_epoch_ms
from rules.model import EntityList, ListEntry, ListKind
from rules.rule_set import from_canonical

NOT_FOUND = "list-not-found"

Reason = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
Amount = Annotated[int, msgspec.Meta(ge=1, le=AMOUNT_MINOR_MAX)]


class EntryRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A value that comes onto a list; the owner is whoever sends it, unless another is named."""

    value: Identifier
    reason: Reason
    owner: Identifier | None = None
    valid_from: Instant | None = None
    expires_at: Instant | None = None
    amount_minor_max: Amount | None = None


class RemovalRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A value that leaves a list."""

    value: Identifier
    reason: Reason


class ChangedList(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where the record stands in each cell's log; no position: the list was so already."""

    list_id: str
    value: str
    positions: Positions
    taken_up_seconds: float | None = None


class EntryAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An entry as it counts; `recorded_at` is absent for one that came with the rule set."""

    value: str
    owner: str
    reason: str
    valid_from: datetime | None = None
    expires_at: datetime | None = None
    amount_minor_max: int | None = None
    recorded_at: datetime | None = None
    recorded_by: str | None = None
    is_expired: bool = False


class ListAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A list of the rules that decide, with its entries of now."""

    list_id: str
    kind: ListKind
    field: str | None = None
    entries: Sequence[EntryAnswer]


class ListAnswers(msgspec.Struct, frozen=True):
    """All of them."""

    lists: Sequence[ListAnswer]


@dataclass(frozen=True, slots=True)
class Lists:
    """Shows lists and changes them."""

    services: Services

    async def known(self) -> Mapping[str, EntityList]:
        """The lists of the rules that decide in the first cell."""
        async with at_hand():
            newest = newest_by_cell(await self.services.rule_book.published())
            canonical = await self.services.rule_book.canonical(newest.get(0, ""))
        lists = () if canonical is None else from_canonical(canonical).lists
        return {item.id: item for item in lists}

    async def found(self, list_id: str) -> tuple[EntityList, Entries]:
        """A list with its entries of now, or the refusal that there is none."""
        item = (await self.known()).get(identifier(list_id, NOT_FOUND))
        if item is None:
            raise Refusal(NOT_FOUND)
        async with at_hand():
            return item, Entries.of([item], await self.services.rule_book.entries(item.id))

    async def add(self, visit: Visit) -> Response:
        """201 once the scorer has taken the entry up; 200 where it stands there just so."""
        item, entries = await self.found(visit.path["list_id"])
        asked, now = parse_strictly(visit.body, EntryRequest), self.services.clock()
        record = ListEntryRecord(
            list_id=item.id,
            value=asked.value,
            reason=asked.reason,
            owner=asked.owner or visit.principal.subject,
            recorded_at=now,
            valid_from=asked.valid_from,
            expires_at=asked.expires_at,
            amount_minor_max=asked.amount_minor_max,
            recorded_by=visit.principal.subject,
        )
        _check(item, record, now)
        if entries.tables[item.id].get(record.value) == entry_of(record):
            return _answer(ChangedList(list_id=item.id, value=record.value, positions={}), 200)
        return await self._written(record, 201)

    async def remove(self, visit: Visit) -> Response:
        """200 once the scorer has forgotten the entry; 404 where there is none."""
        item, entries = await self.found(visit.path["list_id"])
        asked = parse_strictly(visit.body, RemovalRequest)
        if asked.value not in entries.tables[item.id]:
            raise Refusal("entry-not-found", pointer="/value")
        record = ListEntryRecord(
            list_id=item.id,
            value=asked.value,
            removed=True,
            reason=asked.reason,
            owner=visit.principal.subject,
            recorded_at=self.services.clock(),
            recorded_by=visit.principal.subject,
        )
        return await self._written(record, 200)

    async def _written(self, record: ListEntryRecord, status: int) -> Response:
        controls = Controls(self.services)
        positions = await controls.all_cells(record)
        answer = ChangedList(
            list_id=record.list_id,
            value=record.value,
            positions=positions,
            taken_up_seconds=await controls.taken_up(positions),
        )
        return _answer(answer, status)


def _check(item: EntityList, record: ListEntryRecord, now: datetime) -> None:
    """Refuse what would never count, and an allowance without its limits."""
    if item.kind is ListKind.ALLOW:
        for name in ("expires_at", "amount_minor_max"):
            if getattr(record, name) is None:
                raise Refusal("allowance-without-limit", pointer=f"/{name}")
    begins, ends = record.valid_from, record.expires_at
    if ends is not None and ends <= max(now, begins or now):
        raise Refusal("entry-time", pointer="/expires_at")


def _answer(answer: ChangedList, status: int) -> Response:
    return Response(encode(answer), status, media_type=JSON)


def _shown(item: EntityList, entries: Entries, now: datetime) -> ListAnswer:
    found = [
        _entry(entry, entries.records.get((item.id, entry.value)), now)
        for _, entry in sorted(entries.tables[item.id].items())
    ]
    return ListAnswer(list_id=item.id, kind=item.kind, field=item.field, entries=found)


def _entry(entry: ListEntry, record: ListEntryRecord | None, now: datetime) -> EntryAnswer:
    ends = None if entry.expires_at_ms is None else from_epoch_ms(entry.expires_at_ms)
    begins = None if entry.valid_from_ms is None else from_epoch_ms(entry.valid_from_ms)
    return EntryAnswer(
        value=entry.value,
        owner=entry.owner,
        reason=entry.reason,
        valid_from=begins,
        expires_at=ends,
        amount_minor_max=entry.amount_minor_max,
        recorded_at=record.recorded_at if record else None,
        recorded_by=record.recorded_by if record else None,
        is_expired=ends is not None and ends <= now,
    )


def add_routes(app: FastAPI, services: Services, guard: Guard) -> None:
    """The routes that read."""
    lists = Lists(services)

    @app.get("/v1/lists", summary="The lists of the rules that decide, with their entries")
    async def read_lists(
        _principal: Annotated[Principal, Depends(Admitted(guard, Action.READ_LISTS))],
    ) -> Response:
        known = await lists.known()
        async with at_hand():
            entries = Entries.of(known.values(), await services.rule_book.entries())
        now = services.clock()
        found = [_shown(item, entries, now) for item in known.values()]
        return Response(encode(ListAnswers(found)), media_type=JSON)

    @app.get("/v1/lists/{list_id}", summary="One list with its entries")
    async def read_list(
        list_id: str,
        _principal: Annotated[Principal, Depends(Admitted(guard, Action.READ_LISTS))],
    ) -> Response:
        item, entries = await lists.found(list_id)
        return Response(encode(_shown(item, entries, services.clock())), media_type=JSON)
