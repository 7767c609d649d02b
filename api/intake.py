"""The way of a transaction into the log: claim its natural id, write it, remember that.

Nothing is remembered as written before the log's acknowledgement. Where we die in between, the
claim ends by itself, the retry writes the same event id again, and the scorer drops the copy.
"""

import asyncio
import secrets
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import blake2b
from time import monotonic

import msgspec

from api.ports import Claim, Known, Log, LogAway, MemoryAway, NaturalIds
from data_contracts.codec import encode
from data_contracts.ids import event_id
from data_contracts.transaction import TransactionRequest

FINGERPRINT_BYTES = 16
OWNER_BYTES = 8
SINGLE_SECONDS = 24 * 3600
BATCH_SECONDS = 3600
OTHERS_SECONDS_MAX = 1.0
OTHERS_PAUSE_SECONDS = 0.05


class Fate(StrEnum):
    """What became of a transaction at the door."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    IN_PROGRESS = "in-progress"


class Receipt(msgspec.Struct, frozen=True, gc=False):
    """The fate of one transaction; `position` is None where it is not known (yet)."""

    fate: Fate
    event: bytes
    position: int | None = None


@dataclass(frozen=True, slots=True)
class Intake:
    """Whose transactions are taken, when, and for how long their ids are remembered."""

    tenant: str
    received_at: datetime
    seconds: int


@dataclass(frozen=True, slots=True)
class Receipts:
    """One receipt per transaction, in order; `is_degraded`: nobody looked for duplicates."""

    receipts: Sequence[Receipt]
    is_degraded: bool


class _Stamp(msgspec.Struct, frozen=True):
    tenant: str
    received_at: datetime


class _Parcel(msgspec.Struct, frozen=True, gc=False):
    claim: Claim
    value: bytes


def cell_of(tenant: str, cells: int) -> int:
    """The partition of all transactions of a tenant: what belongs together stays in order."""
    return zlib.crc32(tenant.encode()) % cells


def stamp(tenant: str, received_at: datetime) -> bytes:
    """The end of a stored transaction's canonical JSON: whose it is, and when we received it."""
    return b"," + encode(_Stamp(tenant, received_at))[1:]


def _parcels(intake: Intake, requests: Iterable[TransactionRequest]) -> Sequence[_Parcel]:
    ending = stamp(intake.tenant, intake.received_at)
    return [_parcel(intake.tenant, ending, request) for request in requests]


def _parcel(tenant: str, ending: bytes, request: TransactionRequest) -> _Parcel:
    canonical = encode(request)
    claim = Claim(
        event_id(tenant, request.transaction_id),
        blake2b(canonical, digest_size=FINGERPRINT_BYTES).digest(),
        request.account_id,
    )
    # A stored transaction is the request's fields and then the stamp's: no need to encode twice.
    return _Parcel(claim, canonical[:-1] + ending)


@dataclass(slots=True)
class _Memory:
    """The memory of natural ids for one request: once it is away, we go on without it."""

    natural_ids: NaturalIds
    seconds: int
    owner: bytes
    is_away: bool = False

    async def claim(self, claims: Sequence[Claim]) -> Mapping[bytes, Known]:
        if self.is_away:
            return {}
        try:
            return await self.natural_ids.claim(self.owner, claims)
        except MemoryAway:
            self.is_away = True
            return {}

    async def complete(self, claims: Sequence[Claim], positions: Mapping[bytes, int]) -> None:
        if self.is_away:
            return
        try:
            await self.natural_ids.complete(self.owner, claims, positions, self.seconds)
        except MemoryAway:
            self.is_away = True


@dataclass(frozen=True, slots=True)
class Writer:
    """Takes transactions into the log, each natural id once for as long as it is remembered."""

    natural_ids: NaturalIds
    log: Log
    cells: int = 1

    async def write(self, intake: Intake, requests: Sequence[TransactionRequest]) -> Receipts:
        """One receipt per request; raises `LogAway` where the log did not take them all."""
        parcels = _parcels(intake, requests)
        first: dict[bytes, _Parcel] = {}
        for parcel in parcels:
            first.setdefault(parcel.claim.event, parcel)
        memory = _Memory(self.natural_ids, intake.seconds, secrets.token_bytes(OWNER_BYTES))
        positions, known = await self._settle(memory, cell_of(intake.tenant, self.cells), first)
        receipts = [
            _written(parcel, first, positions)
            if parcel.claim.event in positions
            else _not_written(parcel, known)
            for parcel in parcels
        ]
        return Receipts(receipts, memory.is_away)

    async def _settle(
        self, memory: _Memory, cell: int, first: Mapping[bytes, _Parcel]
    ) -> tuple[Mapping[bytes, int], Mapping[bytes, Known]]:
        """Write all that we could claim; wait a little for what others are writing just now."""
        positions: dict[bytes, int] = {}
        known: dict[bytes, Known] = {}
        waiting, deadline = first, monotonic() + OTHERS_SECONDS_MAX
        while True:
            others = await memory.claim([parcel.claim for parcel in waiting.values()])
            known.update(others)
            mine = [parcel for event, parcel in waiting.items() if event not in others]
            if mine:
                positions.update(await self._append(memory, cell, mine))
            waiting = _still_written_by_others(first, others)
            if not waiting or monotonic() > deadline:
                return positions, known
            await asyncio.sleep(OTHERS_PAUSE_SECONDS)

    async def _append(
        self, memory: _Memory, cell: int, parcels: Sequence[_Parcel]
    ) -> Mapping[bytes, int]:
        claims = [parcel.claim for parcel in parcels]
        messages = {parcel.claim.event: parcel.value for parcel in parcels}
        try:
            positions = await self.log.append(cell, messages)
        except LogAway as away:
            await memory.complete(claims, away.positions)
            raise
        await memory.complete(claims, positions)
        return positions


def _still_written_by_others(
    first: Mapping[bytes, _Parcel], others: Mapping[bytes, Known]
) -> Mapping[bytes, _Parcel]:
    return {
        event: first[event]
        for event, known in others.items()
        if not known.is_written and known.fingerprint == first[event].claim.fingerprint
    }


def _written(
    parcel: _Parcel, first: Mapping[bytes, _Parcel], positions: Mapping[bytes, int]
) -> Receipt:
    event = parcel.claim.event
    position = positions[event] if positions[event] >= 0 else None
    if parcel is first[event]:
        return Receipt(Fate.ACCEPTED, event, position)
    if parcel.claim.fingerprint == first[event].claim.fingerprint:
        return Receipt(Fate.DUPLICATE, event, position)
    return Receipt(Fate.CONFLICT, event)


def _not_written(parcel: _Parcel, known: Mapping[bytes, Known]) -> Receipt:
    event = parcel.claim.event
    found = known[event]
    if found.fingerprint != parcel.claim.fingerprint:
        return Receipt(Fate.CONFLICT, event)
    if not found.is_written:
        return Receipt(Fate.IN_PROGRESS, event)
    return Receipt(Fate.DUPLICATE, event, found.position)
