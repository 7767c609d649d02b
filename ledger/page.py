"""The page that a batch is written on: one entry after the other in order."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from msgspec import structs

from data_contracts import ids
from data_contracts.decision import Verdict
from data_contracts.outcome import OutcomeStatus
from data_contracts.resolution import Resolution, ResolutionKind
from ledger.corrections import Way, given_back, original_of, way
from ledger.values import (
    Arrival,
    Balance,
    BookKey,
    Conflict,
    Correction,
    CorrectionEffect,
    Effects,
    Hold,
    Movement,
    Original,
    RefusalReason,
    Resolved,
    Settlement,
    Standing,
    Transfer,
    TransferKind,
)

BALANCE_MINOR_MAX = 2**62
BY_THE_BOOKS = "ledger"

_NOT_BOOKED = b""


def event_of(resolution: Resolution) -> bytes:
    """The event whose hold a resolution ends."""
    return UUID(resolution.event_id).bytes


@dataclass(slots=True)
class Running:
    """A balance while a batch is being booked."""

    before: Balance
    posted: int
    held: int
    version: int

    @classmethod
    def of(cls, balance: Balance) -> "Running":
        """What it was before."""
        return cls(balance, balance.posted, balance.held, balance.version)

    @property
    def has_moved(self) -> bool:
        """Whether it is not what it was."""
        return self.version != self.before.version or self.held != self.before.held

    def now(self) -> Balance:
        """What it is now."""
        return Balance(self.posted, self.held, self.version)


@dataclass(slots=True)
class Page:
    """The page that a batch is written on."""

    booked_at: datetime
    standing: Standing
    known: dict[bytes, bytes]
    balances: dict[BookKey, Running]
    ended: set[bytes]
    originals: dict[bytes, Original]
    open_holds: dict[bytes, Hold]
    named: Collection[bytes] = frozenset()
    settlements: list[Settlement] = field(default_factory=list)
    transfers: list[Transfer] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)
    resolved: list[Resolved] = field(default_factory=list)
    corrections: list[Correction] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    duplicates: int = 0

    @classmethod
    def of(cls, standing: Standing, booked_at: datetime) -> "Page":
        """A new page, on which nothing stands yet."""
        running = {key: Running.of(balance) for key, balance in standing.balances.items()}
        return cls(
            booked_at=booked_at,
            standing=standing,
            known=dict(standing.known),
            balances=running,
            ended=set(standing.ended),
            originals=dict(standing.originals),
            open_holds=dict(standing.holds),
        )

    def settle(self, arrival: Arrival) -> None:
        """Settle an arrival for ever, or find it known."""
        booked = self.known.get(arrival.event_id, _NOT_BOOKED)
        if booked == arrival.payload_hash:
            self.duplicates += 1
        elif booked is not _NOT_BOOKED:
            self.conflicts.append(_conflict(arrival, booked, self.booked_at))
        else:
            self.known[arrival.event_id] = arrival.payload_hash
            status, reason = self._apply(arrival)
            self.settlements.append(Settlement(arrival, status, reason, self.booked_at))
            if arrival.event_id in self.named:
                self.originals[arrival.event_id] = original_of(arrival, status)

    def _apply(self, arrival: Arrival) -> tuple[OutcomeStatus, RefusalReason | None]:
        if arrival.decision.verdict is Verdict.DECLINE:
            return OutcomeStatus.DECLINED, None
        if arrival.corrects is not None:
            return self._correct(arrival, self.originals.get(arrival.corrects))
        return self._book(arrival.movement, arrival.decision.verdict)

    def _book(
        self, movement: Movement, verdict: Verdict
    ) -> tuple[OutcomeStatus, RefusalReason | None]:
        debit, credit = self.balances[movement.debit], self.balances[movement.credit]
        reason = self._refusal(movement, debit, credit)
        if reason is not None:
            return OutcomeStatus.REFUSED, reason
        if verdict is Verdict.REVIEW:
            debit.held += movement.amount_minor
            hold = Hold(movement=movement, booked_at=self.booked_at)
            self.holds.append(hold)
            if movement.event_id in self.named:
                self.open_holds[movement.event_id] = hold
            return OutcomeStatus.HELD, None
        self._transfer(movement, debit, credit, TransferKind.POSTING)
        return OutcomeStatus.POSTED, None

    def _correct(
        self, arrival: Arrival, original: Original | None
    ) -> tuple[OutcomeStatus, RefusalReason | None]:
        found = way(arrival, original)
        if isinstance(found, RefusalReason):
            return OutcomeStatus.REFUSED, found
        verdict = arrival.decision.verdict
        if found is Way.BOOK or original is None:
            return self._book(arrival.movement, verdict)
        if found is Way.RELEASE:
            return self._release(arrival, original)
        status, refusal = self._book(given_back(arrival.movement, original), verdict)
        if refusal is None:
            self._note(arrival, original, CorrectionEffect.GAVE_BACK)
        return status, refusal

    def _release(self, arrival: Arrival, original: Original) -> tuple[OutcomeStatus, None]:
        hold = self.open_holds[original.event_id]
        reason = f"reversed by {arrival.decision.transaction.transaction_id}"
        self._finish(an_end(hold, ResolutionKind.RELEASE, reason, self.booked_at), hold)
        self._note(arrival, original, CorrectionEffect.RELEASED)
        return OutcomeStatus.POSTED, None

    def _note(self, arrival: Arrival, original: Original, effect: CorrectionEffect) -> None:
        amount = arrival.movement.amount_minor
        self.corrections.append(
            Correction(
                event_id=arrival.event_id,
                original=original.event_id,
                type=arrival.decision.transaction.type,
                effect=effect,
                amount_minor=amount,
                booked_at=self.booked_at,
            )
        )
        is_released = effect is CorrectionEffect.RELEASED
        self.originals[original.event_id] = structs.replace(
            original,
            given_back=original.given_back + amount,
            ended=ResolutionKind.RELEASE if is_released else original.ended,
        )

    def _refusal(self, movement: Movement, debit: Running, credit: Running) -> RefusalReason | None:
        is_bounded = movement.debit in self.standing.bounded
        if is_bounded and debit.posted - debit.held < movement.amount_minor:
            return RefusalReason.INSUFFICIENT_FUNDS
        most = max(credit.posted, -debit.posted, debit.held) + movement.amount_minor
        return RefusalReason.BALANCE_OUT_OF_RANGE if most > BALANCE_MINOR_MAX else None

    def _transfer(
        self, movement: Movement, debit: Running, credit: Running, kind: TransferKind
    ) -> None:
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
        """End a hold, unless something has ended it before."""
        hold = self.standing.holds[event_of(resolution)]
        if hold.movement.event_id not in self.ended:
            self._finish(resolution, hold)

    def _finish(self, resolution: Resolution, hold: Hold) -> None:
        movement = hold.movement
        self.ended.add(movement.event_id)
        debit, credit = self.balances[movement.debit], self.balances[movement.credit]
        debit.held -= movement.amount_minor
        if resolution.kind is ResolutionKind.POST:
            self._transfer(movement, debit, credit, TransferKind.RESOLUTION)
        self.resolved.append(Resolved(hold=hold, resolution=resolution, booked_at=self.booked_at))

    def effects(self) -> Effects:
        """All that stands on the page."""
        return Effects(
            settlements=self.settlements,
            transfers=self.transfers,
            holds=self.holds,
            resolved=self.resolved,
            corrections=self.corrections,
            conflicts=self.conflicts,
            duplicates=self.duplicates,
            balances={
                key: (running.before, running.now())
                for key, running in self.balances.items()
                if running.has_moved
            },
        )


def an_end(hold: Hold, kind: ResolutionKind, reason: str, now: datetime) -> Resolution:
    """The end of a hold that the books themselves give it; its id follows from hold and kind."""
    event = hold.movement.event_id
    return Resolution(
        resolution_id=ids.text(ids.derived_id(event, kind)),
        tenant=hold.movement.debit.tenant,
        event_id=ids.text(event),
        kind=kind,
        reason=reason,
        resolved_by=BY_THE_BOOKS,
        resolved_at=now,
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
