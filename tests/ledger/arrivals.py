"""Arrivals and batches for the tests of the books; name only what the test is about."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from data_contracts.codec import encode
from data_contracts.decision import Verdict
from data_contracts.ids import derived_id, event_id, text
from data_contracts.resolution import Resolution, ResolutionKind
from data_contracts.transaction import Direction, TransactionType
from ledger.arrivals import parse_decision
from ledger.ports import Books
from ledger.values import Arrival, Conflict, Effects, Postings, Resolutions
from tests.factories import NOON, TENANT, a_decision, a_transaction

TOPIC = "decisions.v1"
ENDS = "resolutions.v1"
AMOUNT = 30


def an_arrival(
    position: int,
    verdict: Verdict = Verdict.APPROVE,
    **changes: Any,  # noqa: ANN401  (fields of any type)
) -> Arrival:
    """A card payment of `acc-1` at a position; its id follows from the position, unless named."""
    named = {"transaction_id": f"at-{position}"} | changes
    decision = a_decision(transaction=a_transaction(**named), position=position, verdict=verdict)
    return parse_decision(encode(decision), 0, NOON)


def paid_in(position: int, amount: int, account: str = "acc-1") -> Arrival:
    """Cash that a customer brings."""
    return an_arrival(
        position,
        account_id=account,
        type=TransactionType.CASH_IN,
        direction=Direction.CREDIT,
        amount_minor=amount,
    )


def a_correction(
    position: int,
    kind: TransactionType,
    verdict: Verdict = Verdict.APPROVE,
    **changes: Any,  # noqa: ANN401  (fields of any type)
) -> Arrival:
    """Of the payment at position 1, wholly, unless said otherwise."""
    fields = {
        "type": kind,
        "direction": Direction.CREDIT,
        "amount_minor": AMOUNT,
        "original_transaction_id": "at-1",
    }
    return an_arrival(position, verdict, **(fields | changes))


def a_batch(
    arrivals: Sequence[Arrival],
    next_offset: int | None = None,
    **changes: Any,  # noqa: ANN401  (fields of any type)
) -> Postings:
    """Arrivals as one batch, from offsets that equal their positions."""
    end = arrivals[-1].movement.position + 1 if arrivals else 0
    defaults: dict[str, Any] = {
        "topic": TOPIC,
        "partition": 0,
        "next_offset": end if next_offset is None else next_offset,
        "arrivals": arrivals,
        "booked_at": NOON,
    }
    return Postings(**(defaults | changes))


def nobody_should_hear(_conflicts: Sequence[Conflict]) -> None:
    """For tests in which there is no conflict."""
    raise AssertionError("a conflict was raised")


def nobody_hears(_conflicts: Sequence[Conflict]) -> None:
    """For tests in which conflicts are not the point."""


def post(
    books: Books,
    *arrivals: Arrival,
    hear: Callable[[Sequence[Conflict]], None] = nobody_hears,
) -> Effects:
    """Book arrivals as one batch."""
    return books.post(a_batch(arrivals), hear)


def a_resolution(transaction_id: str, kind: ResolutionKind, by: str = "ana") -> Resolution:
    """The end of a transaction's hold."""
    event = event_id(TENANT, transaction_id)
    return Resolution(
        resolution_id=text(derived_id(event, kind)),
        tenant=TENANT,
        event_id=text(event),
        kind=kind,
        reason="asked the\tcustomer",
        resolved_by=by,
        resolved_at=NOON,
    )


def end(
    books: Books, *resolutions: Resolution, next_offset: int, booked_at: datetime = NOON
) -> Effects:
    """End holds as one batch."""
    return books.resolve(
        Resolutions(
            topic=ENDS,
            partition=0,
            next_offset=next_offset,
            resolutions=resolutions,
            booked_at=booked_at,
        )
    )
