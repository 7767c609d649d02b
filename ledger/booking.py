"""What a batch does to the books: pure functions, one entry after the other in order.

The stores load what a batch touches, call these, and keep the effects in one transaction.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime

from data_contracts.decision import Verdict
from data_contracts.resolution import Resolution, ResolutionKind
from ledger.page import Page, an_end
from ledger.values import (
    Arrival,
    BookKey,
    Effects,
    Hold,
    Original,
    Outcome,
    Settlement,
    Standing,
)


def above(position: int, arrivals: Iterable[Arrival]) -> Iterator[Arrival]:
    """Those that stand above a position, each position once: the rest is redelivery."""
    for arrival in arrivals:
        if arrival.movement.position > position:
            position = arrival.movement.position
            yield arrival


def touched(
    arrivals: Iterable[Arrival], known: Collection[bytes], originals: Mapping[bytes, Original]
) -> Collection[BookKey]:
    """The balances that a batch may move, in order, given which of its events are in the books.

    Only the first arrival of an event counts: where batches end must not matter. A correction
    moves what its original moved.
    """
    first: dict[bytes, Arrival] = {}
    keys: dict[BookKey, None] = {}
    for arrival in arrivals:
        event = arrival.event_id
        if event in first or event in known:
            continue
        if arrival.decision.verdict is not Verdict.DECLINE:
            for key in _sides(arrival, first, originals):
                keys[key] = None
        first[event] = arrival
    return keys


def _sides(
    arrival: Arrival, before: Collection[bytes], originals: Mapping[bytes, Original]
) -> tuple[BookKey, ...]:
    if arrival.corrects is None:
        return arrival.movement.debit, arrival.movement.credit
    if arrival.corrects in before:
        return ()
    original = originals.get(arrival.corrects)
    if original is None:
        return arrival.movement.debit, arrival.movement.credit
    return original.sides or ()


def corrected(arrivals: Iterable[Arrival]) -> set[bytes]:
    """The events that a batch names as originals."""
    return {arrival.corrects for arrival in arrivals if arrival.corrects is not None}


def book(arrivals: Iterable[Arrival], standing: Standing, booked_at: datetime) -> Effects:
    """Settle each arrival for ever: post, hold, refuse or decline it, or find it known."""
    arrivals = list(arrivals)
    page = Page.of(standing, booked_at)
    page.named = corrected(arrivals)
    for arrival in arrivals:
        page.settle(arrival)
    return page.effects()


def resolve(resolutions: Iterable[Resolution], standing: Standing, booked_at: datetime) -> Effects:
    """End each hold by the first resolution of it; any later one changes nothing."""
    page = Page.of(standing, booked_at)
    for resolution in resolutions:
        page.end(resolution)
    return page.effects()


def expire(holds: Iterable[Hold], reason: str, standing: Standing, now: datetime) -> Effects:
    """End holds that nobody has ended; they give the money back."""
    page = Page.of(standing, now)
    for hold in holds:
        page.end(an_end(hold, ResolutionKind.EXPIRE, reason, now))
    return page.effects()


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
