"""What a step back leads to, and which rules a breaker holds."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.publishing import newest_by_cell, one_before, tripped
from casework.values import PublishedSet
from data_contracts.control import BreakerRecord, Publishing
from tests.factories import NOON


def published(*words: str, cell: int = 0) -> list[PublishedSet]:
    """`A B <A`: A and B were applied, then a step back to A."""
    return [
        PublishedSet(
            cell=cell,
            position=position,
            rule_set=word.removeprefix("<"),
            published_by="risk",
            published_at=NOON,
            act=Publishing.ROLLBACK if word.startswith("<") else Publishing.APPLY,
        )
        for position, word in enumerate(words)
    ]


@pytest.mark.parametrize(
    ("history", "before"),
    [
        ("", None),
        ("A", None),
        ("A A", None),
        ("A B", "A"),
        ("A B B", "A"),
        ("A B <A", None),
        ("A B C <B", "A"),
        ("A B C <B <A", None),
        ("A B <A C", "A"),
        ("A B A", "B"),
        ("A B A <B", "A"),
    ],
)
def test_a_step_back_leads_to_what_decided_before_and_two_lead_further(
    history: str, before: str | None
) -> None:
    found = one_before(published(*history.split()))
    assert (found and found.rule_set) == before


@given(st.lists(st.sampled_from("ABCD"), max_size=8))
def test_steps_back_always_come_to_an_end(applied: list[str]) -> None:
    history = applied
    for _ in range(len(applied)):
        found = one_before(published(*history))
        history = history if found is None else [*history, f"<{found.rule_set}"]
    assert one_before(published(*history)) is None


def test_each_cell_has_its_own_newest_set() -> None:
    assert newest_by_cell([*published("A", "B"), *published("A", cell=1)]) == {0: "B", 1: "A"}
    assert one_before([*published("A", "B"), *published("A", cell=1)], cell=1) is None


def a_trip(minutes: float = 0, since: float | None = None) -> BreakerRecord:
    return BreakerRecord(
        rule_id="r",
        is_tripped=True,
        reason="much",
        recorded_at=NOON + timedelta(minutes=minutes),
        since=None if since is None else NOON + timedelta(minutes=since),
    )


def a_reset(minutes: float) -> BreakerRecord:
    return BreakerRecord(
        rule_id="r",
        is_tripped=False,
        reason="mended",
        recorded_at=NOON + timedelta(minutes=minutes),
    )


def test_a_rule_is_held_from_its_trip_to_its_reset_and_a_late_copy_changes_nothing() -> None:
    first, again = a_trip(0), a_trip(9, since=5)
    assert tripped([(0, first), (0, a_trip(1))]) == {(0, "r"): first}
    assert tripped([(0, first), (0, a_reset(5))]) == {}
    assert tripped([(0, first), (0, a_reset(5)), (0, first)]) == {}
    assert tripped([(0, first), (0, a_reset(5)), (0, again)]) == {(0, "r"): again}
    assert tripped([(0, first), (1, a_reset(5))]) == {(0, "r"): first}
