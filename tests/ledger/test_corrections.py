"""Reversals, refunds and chargebacks: each cell of the table, on both stores."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from data_contracts import ids
from data_contracts.decision import Verdict
from data_contracts.outcome import OutcomeStatus
from data_contracts.resolution import ResolutionKind
from data_contracts.transaction import Channel, Direction, TransactionType
from ledger.chart import CARD_SETTLEMENT, CASH
from ledger.corrections import TABLE, OriginalState, Way
from ledger.values import Balance, BookKey, CorrectionEffect, RefusalReason
from tests.factories import TENANT
from tests.ledger.arrivals import (
    AMOUNT,
    a_correction,
    a_resolution,
    an_arrival,
    end,
    paid_in,
    post,
)
from tests.ledger.stores import Store

PAGE = Path(__file__).parents[2] / "docs" / "ledger.md"
REVERSAL, REFUND = TransactionType.REVERSAL, TransactionType.REFUND
CHARGEBACK = TransactionType.CHARGEBACK
FIRST = "at-1"


def nothing(_store: Store) -> None:
    """The original never came."""


def posted(store: Store) -> None:
    post(store.books, an_arrival(1, amount_minor=AMOUNT))


def held(store: Store) -> None:
    post(store.books, an_arrival(1, Verdict.REVIEW, amount_minor=AMOUNT))


def released(store: Store) -> None:
    held(store)
    end(store.books, a_resolution(FIRST, ResolutionKind.RELEASE), next_offset=1)


def declined(store: Store) -> None:
    post(store.books, an_arrival(1, Verdict.DECLINE, amount_minor=AMOUNT))


def refused(store: Store) -> None:
    store.bound("acc-1")
    posted(store)


def given_back(store: Store) -> None:
    posted(store)
    post(store.books, a_correction(2, REFUND))


STATES: dict[OriginalState, Callable[[Store], None]] = {
    OriginalState.NOT_NAMED: nothing,
    OriginalState.UNKNOWN: nothing,
    OriginalState.HELD: held,
    OriginalState.RELEASED: released,
    OriginalState.DECLINED: declined,
    OriginalState.REFUSED: refused,
    OriginalState.POSTED: posted,
    OriginalState.GIVEN_BACK: given_back,
}


def settled(store: Store, transaction_id: str) -> tuple[OutcomeStatus, str | None]:
    outcome = store.whole().outcomes[ids.event_id(TENANT, transaction_id)]
    return outcome.status, outcome.reason_code


def has(store: Store, account: str = "acc-1") -> Balance:
    return store.whole().balances.get(BookKey(TENANT, account, "EUR"), Balance())


@pytest.mark.parametrize("state", OriginalState)
@pytest.mark.parametrize("kind", TABLE)
def test_each_cell_of_the_table_is_what_happens(
    store: Store, kind: TransactionType, state: OriginalState
) -> None:
    STATES[state](store)
    before = has(store)
    named = None if state is OriginalState.NOT_NAMED else FIRST
    post(store.books, a_correction(9, kind, original_transaction_id=named))

    after = has(store)
    moved, freed = after.posted - before.posted, before.held - after.held
    match TABLE[kind][state]:
        case Way.BOOK | Way.GIVE_BACK:
            assert (settled(store, "at-9"), moved, freed) == (("posted", None), AMOUNT, 0)
        case Way.RELEASE:
            assert (settled(store, "at-9"), moved, freed) == (("posted", None), 0, AMOUNT)
        case RefusalReason() as reason:
            assert (settled(store, "at-9"), moved, freed) == (("refused", reason), 0, 0)


def test_the_page_shows_the_same_table() -> None:
    rows = re.findall(
        r"^\| (\w+(?: \w+)?) \|" + r" ([\w `]+) \|" * 3 + "$", PAGE.read_text(), re.MULTILINE
    )
    shown = {row[0]: [cell.strip("` ") for cell in row[1:]] for row in rows}
    wanted = {state: [TABLE[kind][state].value for kind in TABLE] for state in OriginalState}
    assert {state: shown[state.value] for state in OriginalState} == wanted


def test_what_is_given_back_goes_the_way_that_it_came_by(store: Store) -> None:
    cash = an_arrival(1, type=TransactionType.CASH_OUT, channel=Channel.ATM, amount_minor=AMOUNT)
    post(store.books, cash)
    post(store.books, a_correction(2, REVERSAL, channel=Channel.CARD))

    assert has(store, CASH) == Balance(0, 0, 2)
    assert BookKey(TENANT, CARD_SETTLEMENT, "EUR") not in store.whole().balances


def test_refunds_give_back_no_more_than_was_paid_however_they_are_cut(store: Store) -> None:
    parts = [a_correction(number, REFUND, amount_minor=12) for number in range(2, 5)]
    post(store.books, an_arrival(1, amount_minor=AMOUNT), parts[0])
    post(store.books, *parts[1:], a_correction(5, CHARGEBACK, amount_minor=6))

    outcomes = [settled(store, f"at-{number}") for number in range(2, 6)]
    too_much = ("refused", RefusalReason.EXCEEDS_ORIGINAL)
    assert outcomes == [("posted", None), ("posted", None), too_much, ("posted", None)]
    assert has(store) == Balance(0, 0, 4)


@pytest.mark.parametrize(
    "changes",
    [
        {"amount_minor": AMOUNT - 1},
        {"account_id": "acc-2"},
        {"currency": "USD"},
        {"direction": Direction.DEBIT},
    ],
)
def test_a_reversal_that_does_not_fit_its_original_is_refused(
    store: Store, changes: dict[str, Any]
) -> None:
    posted(store)
    post(store.books, a_correction(2, REVERSAL, **changes))

    assert settled(store, "at-2") == ("refused", RefusalReason.ORIGINAL_DIFFERS)


@pytest.mark.parametrize("changes", [{"account_id": "acc-2"}, {"currency": "USD"}])
def test_nobody_else_hears_what_became_of_an_original(
    store: Store, changes: dict[str, Any]
) -> None:
    given_back(store)
    post(store.books, a_correction(3, REFUND, **changes))

    assert settled(store, "at-3") == ("refused", RefusalReason.ORIGINAL_DIFFERS)


def test_a_correction_cannot_be_corrected(store: Store) -> None:
    given_back(store)
    back = a_correction(3, REVERSAL, original_transaction_id="at-2", direction=Direction.DEBIT)
    post(store.books, back)

    assert settled(store, "at-3") == ("refused", RefusalReason.ORIGINAL_DIFFERS)


def test_a_correction_under_review_reserves_what_it_would_give_back(store: Store) -> None:
    posted(store)
    post(store.books, a_correction(2, REFUND, Verdict.REVIEW), a_correction(3, REFUND))
    assert settled(store, "at-3") == ("refused", RefusalReason.ALREADY_GIVEN_BACK)

    end(store.books, a_resolution("at-2", ResolutionKind.RELEASE), next_offset=1)
    post(store.books, a_correction(4, REFUND))
    assert settled(store, "at-4") == ("posted", None)
    assert has(store) == Balance(0, 0, 2)


def test_a_hold_that_was_posted_can_be_given_back(store: Store) -> None:
    held(store)
    end(store.books, a_resolution(FIRST, ResolutionKind.POST), next_offset=1)
    post(store.books, a_correction(2, REVERSAL))

    assert has(store) == Balance(0, 0, 2)


def test_a_reversal_ends_a_hold_of_its_own_batch_once(store: Store) -> None:
    post(
        store.books,
        an_arrival(1, Verdict.REVIEW, amount_minor=AMOUNT),
        a_correction(2, REVERSAL),
        a_correction(3, REVERSAL),
    )
    end(store.books, a_resolution(FIRST, ResolutionKind.POST), next_offset=1)

    whole = store.whole()
    first = ids.event_id(TENANT, FIRST)
    assert whole.resolved[first].resolution.reason == "reversed by at-2"
    assert whole.corrections[ids.event_id(TENANT, "at-2")].effect is CorrectionEffect.RELEASED
    assert settled(store, "at-3") == ("refused", RefusalReason.NOTHING_TO_GIVE_BACK)
    assert (has(store), whole.transfers) == (Balance(0, 0, 0), [])


def test_a_declined_correction_leaves_its_original_as_it_is(store: Store) -> None:
    posted(store)
    post(store.books, a_correction(2, REVERSAL, Verdict.DECLINE), a_correction(3, REVERSAL))

    assert settled(store, "at-2") == ("declined", None)
    assert settled(store, "at-3") == ("posted", None)


def test_a_later_copy_of_a_correction_is_a_duplicate(store: Store) -> None:
    given_back(store)
    post(store.books, a_correction(3, REFUND, transaction_id="at-2"), paid_in(4, 5))

    assert store.whole().totals.duplicates == 1
    assert has(store).posted == 5
