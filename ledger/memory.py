"""The books in memory: the twin of Postgres for tests, and nothing that lasts."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from data_contracts.outcome import OutcomeStatus
from data_contracts.resolution import ResolutionKind
from ledger.booking import above, book, corrected, expire, outcome, resolve, touched
from ledger.chart import opened
from ledger.page import event_of
from ledger.ports import RaiseConflicts
from ledger.values import (
    Account,
    Balance,
    BookKey,
    Conflict,
    Correction,
    Effects,
    Expiry,
    Hold,
    Original,
    Outcome,
    Postings,
    Resolutions,
    Resolved,
    Standing,
    Totals,
    Transfer,
    Watermark,
)


@dataclass(slots=True)
class MemoryBooks:
    """Everything that the tables would hold."""

    accounts: dict[tuple[str, str], Account] = field(default_factory=dict)
    balances: dict[BookKey, Balance] = field(default_factory=dict)
    outcomes: dict[bytes, Outcome] = field(default_factory=dict)
    transfers: list[Transfer] = field(default_factory=list)
    holds: dict[bytes, Hold] = field(default_factory=dict)
    resolved: dict[bytes, Resolved] = field(default_factory=dict)
    corrections: dict[bytes, Correction] = field(default_factory=dict)
    conflicts: list[Conflict] = field(default_factory=list)
    watermarks: dict[tuple[str, int], Watermark] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    def watermark(self, topic: str, partition: int) -> Watermark:
        """How far a partition has been applied."""
        return self.watermarks.get((topic, partition), Watermark())

    def post(self, postings: Postings, raise_conflicts: RaiseConflicts) -> Effects:
        """Settle what stands above the watermark, and move the watermark with it."""
        mark = self.watermark(postings.topic, postings.partition)
        fresh = list(above(mark.position, postings.arrivals))
        known = {event: booked.payload_hash for event, booked in self.outcomes.items()}
        originals = self._originals(corrected(fresh))
        standing = self._standing(touched(fresh, known, originals), known, originals)
        effects = book(fresh, standing, postings.booked_at)
        if effects.conflicts:
            raise_conflicts(effects.conflicts)
        self._absorb(effects)
        position = fresh[-1].movement.position if fresh else mark.position
        self._advance(postings, max(position, mark.position))
        return effects

    def register(self, account: Account) -> None:
        """Open or change an account."""
        self.accounts[account.tenant, account.account_id] = account
        if account.currency is not None:
            key = BookKey(account.tenant, account.account_id, account.currency)
            self.balances.setdefault(key, Balance())

    def statuses(self, events: Collection[bytes]) -> Mapping[bytes, OutcomeStatus]:
        """The outcomes of those of the events that have one."""
        return {event: self.outcomes[event].status for event in events if event in self.outcomes}

    def resolve(self, resolutions: Resolutions) -> Effects:
        """End holds, each by its first resolution; every event must have been held."""
        if self.watermark(resolutions.topic, resolutions.partition).next_offset >= (
            resolutions.next_offset
        ):
            return Effects()
        movements = [self.holds[event_of(each)].movement for each in resolutions.resolutions]
        keys = {key for movement in movements for key in (movement.debit, movement.credit)}
        standing = self._standing(keys, {})
        effects = resolve(resolutions.resolutions, standing, resolutions.booked_at)
        self._absorb(effects)
        self._advance(resolutions, resolutions.next_offset - 1)
        return effects

    def expire(self, expiry: Expiry) -> Effects:
        """End what has been held for too long."""
        old = [
            hold
            for event, hold in self.holds.items()
            if hold.booked_at < expiry.before and event not in self.resolved
        ]
        keys = {key for hold in old for key in (hold.movement.debit, hold.movement.credit)}
        standing = self._standing(keys, {})
        effects = expire(old, expiry.reason, standing, expiry.booked_at)
        self._absorb(effects)
        return effects

    @property
    def totals(self) -> Totals:
        """How many transactions stand in the books, by outcome."""
        return Totals(**self.counts)

    def _originals(self, events: set[bytes]) -> dict[bytes, Original]:
        return {
            event: self._original(self.outcomes[event]) for event in events & self.outcomes.keys()
        }

    def _original(self, outcome: Outcome) -> Original:
        event = outcome.event_id
        moved = [each.movement for each in self.transfers if each.movement.event_id == event]
        moved += [self.holds[event].movement] if event in self.holds else []
        return Original(
            event_id=event,
            customer=BookKey(outcome.tenant, outcome.account_id, outcome.currency),
            type=outcome.type,
            direction=outcome.direction,
            amount_minor=outcome.amount_minor,
            status=outcome.status,
            sides=(moved[0].debit, moved[0].credit) if moved else None,
            ended=self._end_of(event),
            given_back=sum(
                each.amount_minor
                for each in self.corrections.values()
                if each.original == event
                and self._end_of(each.event_id) in (None, ResolutionKind.POST)
            ),
        )

    def _end_of(self, event: bytes) -> ResolutionKind | None:
        return self.resolved[event].resolution.kind if event in self.resolved else None

    def _standing(
        self,
        keys: Iterable[BookKey],
        known: Mapping[bytes, bytes],
        originals: Mapping[bytes, Original] = MappingProxyType({}),
    ) -> Standing:
        wanted = list(keys)
        for key in wanted:
            self.accounts.setdefault((key.tenant, key.account_id), opened(key))
            self.balances.setdefault(key, Balance())
        return Standing(
            known=known,
            balances={key: self.balances[key] for key in wanted},
            bounded={key for key in wanted if not self.accounts[key[:2]].may_go_negative},
            holds=self.holds,
            ended=self.resolved,
            originals=originals,
        )

    def _absorb(self, effects: Effects) -> None:
        self.outcomes |= {each.arrival.event_id: outcome(each) for each in effects.settlements}
        self.holds |= {hold.movement.event_id: hold for hold in effects.holds}
        self.resolved |= {each.hold.movement.event_id: each for each in effects.resolved}
        self.corrections |= {each.event_id: each for each in effects.corrections}
        self.balances |= {key: now for key, (_, now) in effects.balances.items()}
        self.transfers += effects.transfers
        self.conflicts += effects.conflicts
        self.counts += effects.counts()

    def _advance(self, batch: Postings | Resolutions, position: int) -> None:
        mark = self.watermark(batch.topic, batch.partition)
        self.watermarks[batch.topic, batch.partition] = Watermark(
            max(position, mark.position), max(batch.next_offset, mark.next_offset)
        )
