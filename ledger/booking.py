"""What a batch does to the books: pure functions, one entry after the other in order.

The stores load what a batch touches, call these, and keep the effects in one transaction.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from data_contracts.decision import Verdict
from data_contracts.outcome import OutcomeStatus
from data_contracts.resolution import Resolution, ResolutionKind
from ledger.values import (
    Arrival,
    Balance,
    BookKey,
    Conflict,
    Effects,
    Hold,
    Movement,
    Outcome,
    RefusalReason,
    Resolved,
    Settlement,
    Standing,
    Transfer,
    TransferKind,
)

BALANCE_MINOR_MAX = 2**62

_NOT_BOOKED = b""


def above(position: int, arrivals: Iterable[Arrival]) -> Iterator[Arrival]:
    """Those that stand above a position, each position once: the rest is redelivery."""
    for arrival in arrivals:
        if arrival.movement.position > position:
            position = arrival.movement.position
            yield arrival


def touched(arrivals: Iterable[Arrival], known: Collection[bytes]) -> Collection[BookKey]:
    """The balances that a batch may move, in order, given which of its events are in the books.

    Only the first arrival of an event counts: where batches end must not matter.
    """
    first: dict[bytes, Arrival] = {}
    for arrival in arrivals:
        first.setdefault(arrival.event_id, arrival)
    moving = [
        arrival.movement
        for arrival in first.values()
        if arrival.decision.verdict is not Verdict.DECLINE and arrival.event_id not in known
    ]
    return dict.fromkeys(key for movement in moving for key in (movement.debit, movement.credit))


def event_of(resolution: Resolution) -> bytes:
    """The event whose hold a resolution ends."""
    return UUID(resolution.event_id).bytes


def book(arrivals: Iterable[Arrival], standing: Standing, booked_at: datetime) -> Effects:
    """Settle each arrival for ever: post, hold, refuse or decline it, or find it known."""
    page = _Page.of(standing, booked_at)
    for arrival in arrivals:
        page.settle(arrival)
    return page.effects()


def resolve(resolutions: Iterable[Resolution], standing: Standing, booked_at: datetime) -> Effects:
    """End each hold by the first resolution of it; any later one changes nothing."""
    page = _Page.of(standing, booked_at)
    for resolution in resolutions:
        page.end(resolution)
    return page.effects()


@dataclass(slots=True)
class _Running:
    """A balance while a batch is being booked."""

    before: Balance
    posted: int
    held: int
    version: int

    @classmethod
    def of(cls, balance: Balance) -> "_Running":
        return cls(balance, balance.posted, balance.held, balance.version)

    def now(self) -> Balance:
        return Balance(self.posted, self.held, self.version)


@dataclass(slots=True)
class _Page:
    """The page that a batch is written on."""

    booked_at: datetime
    standing: Standing
    known: dict[bytes, bytes]
    balances: dict[BookKey, _Running]
    ended: set[bytes]
    settlements: list[Settlement] = field(default_factory=list)
    transfers: list[Transfer] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)
    resolved: list[Resolved] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    duplicates: int = 0

    @classmethod
    def of(cls, standing: Standing, booked_at: datetime) -> "_Page":
        running = {key: _Running.of(balance) for key, balance in standing.balances.items()}
        return cls(booked_at, standing, dict(standing.known), running, set(standing.ended))

    def settle(self, arrival: Arrival) -> None:
        booked = self.known.get(arrival.event_id, _NOT_BOOKED)
        if booked == arrival.payload_hash:
            self.duplicates += 1
        elif booked is not _NOT_BOOKED:
            self.conflicts.append(_conflict(arrival, booked, self.booked_at))
        else:
            self.known[arrival.event_id] = arrival.payload_hash
            status, reason = self._apply(arrival)
            self.settlements.append(Settlement(arrival, status, reason, self.booked_at))

    def _apply(self, arrival: Arrival) -> tuple[OutcomeStatus, RefusalReason | None]:
        verdict, movement = arrival.decision.verdict, arrival.movement
        if verdict is Verdict.DECLINE:
            return OutcomeStatus.DECLINED, None
        reason = self._refusal(movement)
        if reason is not None:
            return OutcomeStatus.REFUSED, reason
        if verdict is Verdict.REVIEW:
            self.balances[movement.debit].held += movement.amount_minor
            self.holds.append(Hold(movement=movement, booked_at=self.booked_at))
            return OutcomeStatus.HELD, None
        self._transfer(movement, TransferKind.POSTING)
        return OutcomeStatus.POSTED, None

    def _refusal(self, movement: Movement) -> RefusalReason | None:
        debit, credit = self.balances[movement.debit], self.balances[movement.credit]
        is_bounded = movement.debit in self.standing.bounded
        if is_bounded and debit.posted - debit.held < movement.amount_minor:
            return RefusalReason.INSUFFICIENT_FUNDS
        most = max(credit.posted, -debit.posted, debit.held) + movement.amount_minor
        return RefusalReason.BALANCE_OUT_OF_RANGE if most > BALANCE_MINOR_MAX else None

    def _transfer(self, movement: Movement, kind: TransferKind) -> None:
        debit, credit = self.balances[movement.debit], self.balances[movement.credit]
        debit.posted -= movement.amount_minor
        debit.version += 1
        credit.posted += movement.amount_minor
        credit.version += 1
        self.transfers.append(
            Transfer(
                movement=movement,
                kind=kind,
                debit_after=debit.posted,
                debit_version=debit.version,
                credit_after=credit.posted,
                credit_version=credit.version,
                booked_at=self.booked_at,
            )
        )

    def end(self, resolution: Resolution) -> None:
        hold = self.standing.holds[event_of(resolution)]
        movement = hold.movement
        if movement.event_id in self.ended:
            return
        self.ended.add(movement.event_id)
        self.balances[movement.debit].held -= movement.amount_minor
        if resolution.kind is ResolutionKind.POST:
            self._transfer(movement, TransferKind.RESOLUTION)
        self.resolved.append(Resolved(hold=hold, resolution=resolution, booked_at=self.booked_at))

    def effects(self) -> Effects:
        now = {key: (running.before, running.now()) for key, running in self.balances.items()}
        return Effects(
            settlements=self.settlements,
            transfers=self.transfers,
            holds=self.holds,
            resolved=self.resolved,
            conflicts=self.conflicts,
            duplicates=self.duplicates,
            balances={key: pair for key, pair in now.items() if pair[0] != pair[1]},
        )


def _conflict(arrival: Arrival, booked_hash: bytes, found_at: datetime) -> Conflict:
    return Conflict(
        event_id=arrival.event_id,
        cell=arrival.movement.cell,
        position=arrival.movement.position,
        booked_hash=booked_hash,
        refused_hash=arrival.payload_hash,
        refused=arrival.decision.transaction,
        found_at=found_at,
    )


def outcome(settlement: Settlement) -> Outcome:
    """The outcome as it is read back from the books."""
    arrival = settlement.arrival
    decision, transaction = arrival.decision, arrival.decision.transaction
    return Outcome(
        event_id=arrival.event_id,
        tenant=transaction.tenant,
        transaction_id=transaction.transaction_id,
        account_id=transaction.account_id,
        type=transaction.type,
        direction=transaction.direction,
        amount_minor=transaction.amount_minor,
        currency=transaction.currency,
        occurred_at=transaction.occurred_at,
        received_at=transaction.received_at,
        cell=decision.cell,
        position=decision.position,
        verdict=decision.verdict,
        score=decision.score,
        rule_set=decision.rule_set,
        hits=decision.hits,
        list_hit=decision.list_hit,
        status=settlement.status,
        reason_code=settlement.reason_code,
        payload_hash=arrival.payload_hash,
        decided_at=arrival.decided_at,
        booked_at=settlement.booked_at,
    )
