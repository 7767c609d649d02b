from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from data_contracts import ids
from data_contracts.decision import Verdict
from data_contracts.outcome import OutcomeStatus
from data_contracts.resolution import ResolutionKind
from data_contracts.transaction import Direction, TransactionType
from ledger.chart import CARD_SETTLEMENT, CASH
from ledger.values import (
    Balance,
    BookKey,
    Conflict,
    Expiry,
    RefusalReason,
    Totals,
    TransferKind,
    Watermark,
)
from tests.factories import NOON, TENANT
from tests.ledger.arrivals import (
    ENDS,
    TOPIC,
    a_batch,
    a_resolution,
    an_arrival,
    end,
    nobody_should_hear,
    paid_in,
    post,
)
from tests.ledger.stores import Store


def key(account: str, currency: str = "EUR") -> BookKey:
    return BookKey(TENANT, account, currency)


def event(transaction_id: str) -> bytes:
    return ids.event_id(TENANT, transaction_id)


def test_an_approval_moves_the_money_from_one_account_to_the_other(store: Store) -> None:
    post(store.books, an_arrival(1, amount_minor=1250))

    whole = store.whole()
    assert whole.outcomes[event("at-1")].status is OutcomeStatus.POSTED
    assert whole.balances == {
        key("acc-1"): Balance(-1250, 0, 1),
        key(CARD_SETTLEMENT): Balance(1250, 0, 1),
    }
    (transfer,) = whole.transfers
    assert (transfer.kind, transfer.debit_after, transfer.credit_after) == (
        TransferKind.POSTING,
        -1250,
        1250,
    )


def test_each_transfer_carries_what_it_left_on_both_sides(store: Store) -> None:
    post(store.books, paid_in(1, 100), an_arrival(2, amount_minor=30))
    post(store.books, an_arrival(3, amount_minor=20))

    seen = [
        (transfer.debit_after, transfer.debit_version, transfer.credit_after)
        for transfer in store.whole().transfers
    ]
    assert seen == [(-100, 1, 100), (70, 2, 30), (50, 3, 50)]


def test_a_review_sets_the_money_aside_and_moves_nothing(store: Store) -> None:
    post(store.books, paid_in(1, 100), an_arrival(2, Verdict.REVIEW, amount_minor=30))

    whole = store.whole()
    assert whole.outcomes[event("at-2")].status is OutcomeStatus.HELD
    assert whole.balances[key("acc-1")] == Balance(100, 30, 1)
    assert whole.balances[key("acc-1")].available == 70
    assert len(whole.transfers) == 1


def test_a_decline_leaves_nothing_but_its_outcome(store: Store) -> None:
    post(store.books, an_arrival(1, Verdict.DECLINE))

    whole = store.whole()
    assert whole.outcomes[event("at-1")].status is OutcomeStatus.DECLINED
    assert not whole.balances
    assert not whole.accounts
    assert not whole.transfers


def test_a_bounded_account_is_checked_in_order_of_position(store: Store) -> None:
    store.bound("acc-1")
    post(
        store.books,
        an_arrival(1, amount_minor=50),
        paid_in(2, 100),
        an_arrival(3, Verdict.REVIEW, amount_minor=60),
        an_arrival(4, amount_minor=50),
        an_arrival(5, amount_minor=40),
    )

    statuses = [store.whole().outcomes[event(f"at-{number}")].status for number in range(1, 6)]
    assert statuses == ["refused", "posted", "held", "refused", "posted"]
    assert store.whole().balances[key("acc-1")] == Balance(60, 60, 2)
    reason = store.whole().outcomes[event("at-4")].reason_code
    assert reason is RefusalReason.INSUFFICIENT_FUNDS


def test_an_unknown_account_opens_without_a_bound_and_a_known_one_stays(store: Store) -> None:
    store.bound("acc-1")
    post(store.books, paid_in(1, 5), an_arrival(2, account_id="acc-2", currency="USD"))

    accounts = store.whole().accounts
    assert not accounts[TENANT, "acc-1"].may_go_negative
    assert accounts[TENANT, "acc-2"].may_go_negative
    assert accounts[TENANT, "acc-2"].currency == "USD"
    assert accounts[TENANT, CASH].is_customer is False


def test_one_account_has_a_balance_for_each_currency(store: Store) -> None:
    post(store.books, an_arrival(1, amount_minor=5), an_arrival(2, amount_minor=7, currency="JPY"))

    balances = store.whole().balances
    assert balances[key("acc-1", "EUR")] == Balance(-5, 0, 1)
    assert balances[key("acc-1", "JPY")] == Balance(-7, 0, 1)
    assert store.whole().accounts[TENANT, "acc-1"].currency == "EUR"


def test_tenants_have_books_of_their_own(store: Store) -> None:
    post(store.books, an_arrival(1, tenant="north"), an_arrival(2, tenant="south"))

    assert {key.tenant for key in store.whole().balances} == {"north", "south"}
    assert all(balance.version == 1 for balance in store.whole().balances.values())


def test_redelivery_changes_nothing_however_it_is_cut(store: Store) -> None:
    arrivals = [an_arrival(number) for number in range(6)]
    post(store.books, *arrivals[:4])
    before = store.whole()
    for part in (arrivals[:4], arrivals[2:4], arrivals[:1]):
        effects = store.books.post(a_batch(part), nobody_should_hear)
        assert not effects.settlements
    assert store.whole() == before

    post(store.books, *arrivals[2:])
    assert store.whole().totals == Totals(posted=6)


def test_the_same_transaction_later_in_the_log_is_a_duplicate(store: Store) -> None:
    post(store.books, an_arrival(1, transaction_id="t"))
    post(store.books, an_arrival(2, Verdict.DECLINE, transaction_id="t"), an_arrival(3))

    whole = store.whole()
    assert whole.outcomes[event("t")].status is OutcomeStatus.POSTED
    assert whole.outcomes[event("t")].position == 1
    assert whole.totals == Totals(posted=2, duplicates=1)


def test_another_payload_under_a_known_id_is_kept_and_raised_and_not_applied(store: Store) -> None:
    heard: list[Conflict] = []
    post(store.books, an_arrival(1, transaction_id="t", amount_minor=10))
    post(
        store.books,
        an_arrival(2, transaction_id="t", amount_minor=11, account_id="acc-2"),
        hear=heard.extend,
    )

    whole = store.whole()
    assert [conflict.position for conflict in heard] == [2]
    assert whole.conflicts == heard
    assert whole.conflicts[0].refused.amount_minor == 11
    assert whole.totals == Totals(posted=1, conflicts=1)
    assert (TENANT, "acc-2") not in whole.accounts


def test_a_conflict_within_one_batch_is_one_too(store: Store) -> None:
    heard: list[Conflict] = []
    post(
        store.books,
        an_arrival(1, transaction_id="t", amount_minor=10),
        an_arrival(2, transaction_id="t", amount_minor=11, account_id="acc-2"),
        an_arrival(3, transaction_id="t", amount_minor=10),
        hear=heard.extend,
    )

    assert len(heard) == 1
    assert store.whole().totals == Totals(posted=1, duplicates=1, conflicts=1)
    assert (TENANT, "acc-2") not in store.whole().accounts


def test_when_a_conflict_cannot_be_raised_nothing_is_booked(store: Store) -> None:
    def deaf(_conflicts: Sequence[Conflict]) -> None:
        raise ConnectionError

    post(store.books, an_arrival(1, transaction_id="t"))
    before = store.whole()
    again = (an_arrival(2, transaction_id="t", amount_minor=9), an_arrival(3))
    with pytest.raises(ConnectionError):
        post(store.books, *again, hear=deaf)
    assert store.whole().totals == before.totals == Totals(posted=1)

    post(store.books, *again)
    assert store.whole().totals == Totals(posted=2, conflicts=1)


def test_the_watermark_moves_with_the_effect_and_never_back(store: Store) -> None:
    assert store.books.watermark(TOPIC, 0) == Watermark()
    post(store.books, an_arrival(7))
    assert store.books.watermark(TOPIC, 0) == Watermark(7, 8)

    store.books.post(a_batch([], next_offset=12), nobody_should_hear)
    assert store.books.watermark(TOPIC, 0) == Watermark(7, 12)

    post(store.books, an_arrival(3))
    assert store.books.watermark(TOPIC, 0) == Watermark(7, 12)
    assert store.books.watermark(TOPIC, 1) == Watermark()


def test_a_posted_hold_moves_the_money_that_was_set_aside(store: Store) -> None:
    post(store.books, an_arrival(1, Verdict.REVIEW, amount_minor=30))
    end(store.books, a_resolution("at-1", ResolutionKind.POST), next_offset=1)

    whole = store.whole()
    assert whole.balances[key("acc-1")] == Balance(-30, 0, 1)
    assert whole.transfers[0].kind is TransferKind.RESOLUTION
    assert whole.outcomes[event("at-1")].status is OutcomeStatus.HELD
    assert store.books.watermark(ENDS, 0) == Watermark(0, 1)


@pytest.mark.parametrize("kind", [ResolutionKind.RELEASE, ResolutionKind.EXPIRE])
def test_a_released_hold_gives_the_money_back(store: Store, kind: ResolutionKind) -> None:
    post(store.books, an_arrival(1, Verdict.REVIEW, amount_minor=30))
    end(store.books, a_resolution("at-1", kind), next_offset=1)

    assert store.whole().balances[key("acc-1")] == Balance(0, 0, 0)
    assert not store.whole().transfers


def test_the_first_resolution_of_a_hold_wins(store: Store) -> None:
    post(store.books, an_arrival(1, Verdict.REVIEW), an_arrival(2, Verdict.REVIEW))
    end(
        store.books,
        a_resolution("at-1", ResolutionKind.RELEASE, by="first"),
        a_resolution("at-1", ResolutionKind.POST),
        next_offset=2,
    )
    end(
        store.books,
        a_resolution("at-1", ResolutionKind.POST),
        a_resolution("at-2", ResolutionKind.POST),
        next_offset=4,
    )

    whole = store.whole()
    assert whole.resolved[event("at-1")].resolution.resolved_by == "first"
    assert [transfer.movement.position for transfer in whole.transfers] == [2]


def test_an_end_of_a_hold_that_comes_again_changes_nothing(store: Store) -> None:
    post(store.books, an_arrival(1, Verdict.REVIEW))
    resolution = a_resolution("at-1", ResolutionKind.POST)
    end(store.books, resolution, next_offset=1)
    before = store.whole()
    end(store.books, resolution, next_offset=1, booked_at=NOON + timedelta(days=1))

    assert store.whole() == before


def an_expiry(now: datetime) -> Expiry:
    return Expiry(before=now - timedelta(days=7), reason="too old", booked_at=now)


def test_a_hold_that_nobody_resolves_expires_and_gives_the_money_back(store: Store) -> None:
    post(store.books, an_arrival(1, Verdict.REVIEW), an_arrival(2, Verdict.REVIEW))
    end(store.books, a_resolution("at-2", ResolutionKind.POST), next_offset=1)
    assert store.books.expire(an_expiry(NOON + timedelta(days=7))).resolved == []

    later = NOON + timedelta(days=7, seconds=1)
    (expired,) = store.books.expire(an_expiry(later)).resolved
    assert expired.resolution.kind is ResolutionKind.EXPIRE
    assert expired.resolution.resolution_id == ids.text(ids.derived_id(event("at-1"), "expire"))
    assert store.whole().balances[key("acc-1")] == Balance(-1250, 0, 1)
    assert store.books.expire(an_expiry(later + timedelta(days=1))).resolved == []


def test_what_expired_cannot_be_posted_any_more(store: Store) -> None:
    post(store.books, an_arrival(1, Verdict.REVIEW))
    store.books.expire(an_expiry(NOON + timedelta(days=8)))
    end(store.books, a_resolution("at-1", ResolutionKind.POST), next_offset=1)

    assert store.whole().resolved[event("at-1")].resolution.reason == "too old"
    assert store.whole().transfers == []


def test_the_statuses_of_events_are_told_where_there_is_one(store: Store) -> None:
    post(store.books, an_arrival(1), an_arrival(2, Verdict.REVIEW))

    assert store.books.statuses([event("at-1"), event("at-2"), event("at-3")]) == {
        event("at-1"): OutcomeStatus.POSTED,
        event("at-2"): OutcomeStatus.HELD,
    }


def test_text_that_copy_and_arrays_would_trip_over_is_kept_as_it_is(store: Store) -> None:
    odd = r'a\N{"b",\x41}%s'
    arrival = an_arrival(
        1,
        transaction_id=odd,
        account_id=odd + "$1;--'",
        type=TransactionType.TRANSFER,
        direction=Direction.CREDIT,
    )
    post(store.books, arrival)

    outcome = store.whole().outcomes[event(odd)]
    assert (outcome.transaction_id, outcome.account_id) == (odd, odd + "$1;--'")
    assert store.whole().balances[key(odd + "$1;--'")].posted == outcome.amount_minor
