"""What becomes of a reversal, a refund or a chargeback: that depends on what it corrects.

`TABLE` says it for each type and each state of the original; the rest of this file finds the
state, and compares the two. The same table stands in `docs/ledger.md`, and a test holds both
together.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

import msgspec

from data_contracts.outcome import OutcomeStatus
from data_contracts.resolution import ResolutionKind
from data_contracts.transaction import TransactionType
from ledger.values import Arrival, BookKey, Movement, Original, RefusalReason


class OriginalState(StrEnum):
    """What the books know of the transaction that is to be corrected."""

    NOT_NAMED = "not named"
    UNKNOWN = "unknown"
    HELD = "held"
    RELEASED = "released"
    DECLINED = "declined"
    REFUSED = "refused"
    POSTED = "posted"
    GIVEN_BACK = "given back"


class Way(StrEnum):
    """How a correction is booked."""

    BOOK = "booked"
    GIVE_BACK = "gives back"
    RELEASE = "releases"


REVERSAL, REFUND = TransactionType.REVERSAL, TransactionType.REFUND
CHARGEBACK = TransactionType.CHARGEBACK

_NOTHING = RefusalReason.NOTHING_TO_GIVE_BACK
_OF_A_PAYMENT: Mapping[OriginalState, Way | RefusalReason] = MappingProxyType(
    {
        OriginalState.NOT_NAMED: Way.BOOK,
        OriginalState.UNKNOWN: Way.BOOK,
        OriginalState.HELD: RefusalReason.ORIGINAL_NOT_POSTED,
        OriginalState.RELEASED: _NOTHING,
        OriginalState.DECLINED: _NOTHING,
        OriginalState.REFUSED: _NOTHING,
        OriginalState.POSTED: Way.GIVE_BACK,
        OriginalState.GIVEN_BACK: RefusalReason.ALREADY_GIVEN_BACK,
    }
)
TABLE: Mapping[TransactionType, Mapping[OriginalState, Way | RefusalReason]] = MappingProxyType(
    {
        REVERSAL: MappingProxyType(
            {
                **_OF_A_PAYMENT,
                OriginalState.UNKNOWN: RefusalReason.ORIGINAL_UNKNOWN,
                OriginalState.HELD: Way.RELEASE,
            }
        ),
        REFUND: _OF_A_PAYMENT,
        CHARGEBACK: _OF_A_PAYMENT,
    }
)

_OF_STATUS = {
    OutcomeStatus.DECLINED: OriginalState.DECLINED,
    OutcomeStatus.REFUSED: OriginalState.REFUSED,
}


def state_of(original: Original) -> OriginalState:
    """The state of a transaction that is in the books."""
    if original.status in _OF_STATUS:
        return _OF_STATUS[original.status]
    if original.status is OutcomeStatus.HELD and original.ended is not ResolutionKind.POST:
        return OriginalState.RELEASED if original.ended else OriginalState.HELD
    if original.given_back >= original.amount_minor:
        return OriginalState.GIVEN_BACK
    return OriginalState.POSTED


def way(arrival: Arrival, original: Original | None) -> Way | RefusalReason:
    """How a transaction is booked, or why it is not; what corrects nothing is just booked."""
    ways = TABLE.get(arrival.decision.transaction.type)
    if ways is None:
        return Way.BOOK
    if arrival.corrects is None:
        return ways[OriginalState.NOT_NAMED]
    if original is None:
        return ways[OriginalState.UNKNOWN]
    if _is_of_another(arrival, original):  # First: what became of it is not theirs to hear.
        return RefusalReason.ORIGINAL_DIFFERS
    found = ways[state_of(original)]
    return found if isinstance(found, RefusalReason) else _mismatch(arrival, original) or found


def _is_of_another(arrival: Arrival, original: Original) -> bool:
    transaction = arrival.decision.transaction
    return (transaction.account_id, transaction.currency) != original.customer[1:]


def _mismatch(arrival: Arrival, original: Original) -> RefusalReason | None:
    transaction = arrival.decision.transaction
    is_whole = transaction.amount_minor == original.amount_minor
    if (
        original.type in TABLE
        or transaction.direction is original.direction
        or (transaction.type is REVERSAL and not is_whole)
    ):
        return RefusalReason.ORIGINAL_DIFFERS
    if original.given_back + transaction.amount_minor > original.amount_minor:
        return RefusalReason.EXCEEDS_ORIGINAL
    return None


def given_back(movement: Movement, original: Original) -> Movement:
    """The movement as it goes when it takes the original's way back."""
    assert original.sides is not None, "what was posted or held has two sides"
    debit, credit = original.sides
    return msgspec.structs.replace(movement, debit=credit, credit=debit)


def original_of(arrival: Arrival, status: OutcomeStatus) -> Original:
    """A transaction of the same batch as one that others may correct."""
    transaction, movement = arrival.decision.transaction, arrival.movement
    is_booked = status in (OutcomeStatus.POSTED, OutcomeStatus.HELD)
    return Original(
        event_id=arrival.event_id,
        customer=BookKey(transaction.tenant, transaction.account_id, transaction.currency),
        type=transaction.type,
        direction=transaction.direction,
        amount_minor=transaction.amount_minor,
        status=status,
        sides=(movement.debit, movement.credit) if is_booked else None,
    )
