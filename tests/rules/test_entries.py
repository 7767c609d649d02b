"""What the log changes: lists as they were at a position and at an instant, breakers and resets."""

from collections.abc import Iterable
from datetime import timedelta

import msgspec
import pytest

from data_contracts.control import BreakerRecord, ListEntryRecord
from data_contracts.decision import Verdict
from rules.entries import Breakers, Changes
from rules.evaluation import Evaluator, compile_rule_set
from rules.model import ListKind
from tests.factories import NOON, a_transaction
from tests.rules.rule_sets import a_list, a_rule, a_rule_set

FEW = (100.0, 1)
RULE_SET = a_rule_set(a_rule(), lists=(a_list(ListKind.BLOCK, "acc-written"),))


def an_entry(days: int, value: str = "acc-1", **changes: object) -> ListEntryRecord:
    fields: dict[str, object] = {
        "list_id": "block_list",
        "reason": "stolen",
        "owner": "desk",
        "recorded_at": NOON + timedelta(days=days),
    }
    return ListEntryRecord(value=value, **(fields | changes))  # type: ignore[arg-type]  # any field


HISTORY = {  # By position: what the log held.
    100: an_entry(0),
    200: an_entry(30, removed=True),
    300: an_entry(31, valid_from=NOON + timedelta(days=40), expires_at=NOON + timedelta(days=50)),
    400: an_entry(60, value="acc-written", removed=True),
}


def as_of(position: int) -> Evaluator:
    """The evaluator as a replay up to a position has it."""
    evaluator = compile_rule_set(RULE_SET)
    for at, record in HISTORY.items():
        if at <= position:
            evaluator.take(record)
    return evaluator


def is_declined(evaluator: Evaluator, days: float, account_id: str = "acc-1") -> bool:
    transaction = a_transaction(account_id=account_id, occurred_at=NOON + timedelta(days=days))
    return evaluator.judge(transaction, FEW).verdict is Verdict.DECLINE


@pytest.mark.parametrize(
    ("position", "days", "expected"),
    [
        (99, 1, False),
        (100, 1, True),
        (199, 29, True),
        (200, 29, False),
        (300, 39.9, False),
        (300, 40, True),
        (300, 49.9, True),
        (300, 50, False),
    ],
)
def test_a_replay_of_last_month_sees_the_lists_of_last_month(
    position: int, days: float, *, expected: bool
) -> None:
    assert is_declined(as_of(position), days) is expected


def test_an_entry_that_came_with_the_rule_set_stays_away_once_it_is_removed() -> None:
    assert is_declined(as_of(399), 61, "acc-written")
    removed = as_of(400)
    assert not is_declined(removed, 61, "acc-written")
    assert not is_declined(compile_rule_set(RULE_SET, removed.changes()), 61, "acc-written")


def test_the_same_record_twice_is_once() -> None:
    once, twice = as_of(300), as_of(300)
    for record in list(HISTORY.values())[:3]:
        twice.take(record)
    assert once.changes() == twice.changes()


def a_trip(since: int | None = None) -> BreakerRecord:
    return BreakerRecord(
        rule_id="rule-1",
        is_tripped=True,
        reason="much",
        recorded_at=NOON,
        since=None if since is None else NOON + timedelta(minutes=since),
    )


def a_reset(minutes: int) -> BreakerRecord:
    return BreakerRecord(
        rule_id="rule-1",
        is_tripped=False,
        reason="mended",
        recorded_at=NOON + timedelta(minutes=minutes),
    )


def held(records: Iterable[BreakerRecord]) -> set[str]:
    breakers = Breakers()
    for record in records:
        breakers.take(record)
    return breakers.tripped


def test_a_late_copy_of_a_trip_does_not_undo_the_reset_after_it() -> None:
    assert held([a_trip()]) == {"rule-1"}
    assert held([a_trip(), a_trip()]) == {"rule-1"}
    assert held([a_trip(), a_reset(5)]) == set()
    assert held([a_trip(), a_reset(5), a_trip()]) == set()
    assert held([a_trip(), a_reset(5), a_trip(since=5)]) == {"rule-1"}
    assert held([a_trip(), a_reset(5), a_trip(since=5), a_reset(9), a_trip(since=5)]) == set()


def test_trips_and_resets_outlive_a_restart_and_the_next_rule_set() -> None:
    evaluator = compile_rule_set(RULE_SET)
    evaluator.take(a_trip())
    evaluator.take(a_reset(5))
    kept = msgspec.json.decode(msgspec.json.encode(evaluator.changes()), type=Changes)
    again = compile_rule_set(a_rule_set(a_rule(version=2)), kept)
    again.take(a_trip())
    assert again.changes().tripped == ()
    again.take(a_trip(since=5))
    assert again.changes().tripped == ("rule-1",)
