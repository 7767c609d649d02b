"""A rule that does too much goes into shadow, it alone, once, until somebody lets it back."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_contracts.control import BreakerRecord
from data_contracts.decision import Severity
from dataflows.operations.breakers import Breakers, Trip
from dataflows.operations.hits import Armed, HitTally, RuleHit, Switched
from dataflows.operations.observations import Observation, Stream
from rules.instants import epoch_ms
from rules.model import Breaker
from tests.factories import NOON

NOON_MS = epoch_ms(NOON)
LIMITS = {
    "loud": Breaker(max_hits_per_hour=10),
    "hard": Breaker(max_decline_share=0.25, least_decisions=8),
}


@dataclass(slots=True)
class Cell:
    """A cell's decisions, one a poll, each at the next position; and what its breakers say."""

    breakers: Breakers = field(default_factory=Breakers)
    position: int = 0
    trips: list[Trip] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.arm()

    def arm(self) -> None:
        """The rule set is read."""
        self.take(Observation(stream=Stream.LOG, cell=3, controls=(Armed(breakers=LIMITS),)))

    def take(self, seen: Observation) -> None:
        self.trips += self.breakers.observe(seen)

    def decide(
        self, *rules: str, at: float = 0, count: int = 1, is_declined: bool = False
    ) -> "Cell":
        """Decisions in one poll, that many minutes after noon."""
        tally = HitTally()
        for _ in range(count):
            self.position += 1
            at_ms = NOON_MS + int(at * 60_000)
            tally.add(at_ms, self.position, map(RuleHit, rules), is_declined=is_declined)
        self.take(
            Observation(
                stream=Stream.DECISIONS, cell=3, decided=tally.decided, fired=tally.in_order()
            )
        )
        return self

    def switch(self, record: BreakerRecord) -> "Cell":
        """A trip or a reset comes by in the log."""
        self.position += 1
        control = Switched(position=self.position, record=record)
        self.take(Observation(stream=Stream.LOG, cell=3, controls=(control,)))
        return self

    def reset(self, rule_id: str = "loud", minutes: float = 0) -> "Cell":
        """Somebody lets the rule back."""
        return self.switch(
            BreakerRecord(
                rule_id=rule_id,
                is_tripped=False,
                reason="mended",
                recorded_at=NOON + timedelta(minutes=minutes),
            )
        )

    def restarted(self) -> "Cell":
        """The same after a restart from its snapshot."""
        kept = msgspec.msgpack.encode(self.breakers)
        again = Cell(msgspec.msgpack.decode(kept, type=Breakers), self.position)
        again.trips = list(self.trips)
        return again

    def names(self) -> Sequence[str]:
        """The rules that tripped, in order."""
        return [trip.record.rule_id for trip in self.trips]


def test_one_hit_too_many_within_an_hour_trips_that_rule_alone() -> None:
    cell = Cell().decide("loud", "hard", "free", count=10)
    assert cell.trips == []
    cell.decide("loud", "free", at=59)
    (trip,) = cell.trips
    assert (trip.cell, trip.record.rule_id, trip.record.is_tripped) == (3, "loud", True)
    assert trip.record.reason == "11 hits within an hour where 10 are allowed"
    assert (trip.record.recorded_at, trip.record.since) == (NOON + timedelta(minutes=59), None)


def test_hits_of_more_than_an_hour_ago_do_not_count() -> None:
    cell = Cell().decide("loud", count=10).decide("loud", at=60, count=10)
    assert cell.trips == []
    assert cell.decide("loud", at=61).names() == ["loud"]


def test_a_poll_that_spans_hours_is_judged_minute_by_minute() -> None:
    cell, tally = Cell(), HitTally()
    for position in range(40):
        at_ms = NOON_MS + (position // 11) * 3 * 3_600_000
        tally.add(at_ms, position, [RuleHit("loud")], is_declined=False)
    cell.take(
        Observation(stream=Stream.DECISIONS, cell=3, decided=tally.decided, fired=tally.in_order())
    )
    assert cell.trips[0].record.recorded_at == NOON
    assert cell.names() == ["loud"]


def test_a_share_of_declines_needs_a_least_number_of_decisions() -> None:
    few = Cell().decide("hard", count=7, is_declined=True)
    assert few.trips == []
    (trip,) = few.decide("hard", is_declined=True).trips
    assert trip.record.reason == (
        "8 of 8 decisions within an hour declined with it, 100.0% where 25.0% is allowed"
    )
    assert Cell().decide(count=6).decide("hard", count=2, is_declined=True).trips == []
    assert Cell().decide(count=6).decide("hard", count=9).trips == []
    assert Cell().decide(count=6).decide("hard", count=3, is_declined=True).names() == ["hard"]


def test_while_it_is_in_shadow_nothing_is_tripped_and_after_a_reset_counting_begins_anew() -> None:
    cell = Cell().decide("loud", count=11).decide("loud", count=50)
    assert len(cell.trips) == 1
    cell.switch(cell.trips[0].record).reset(minutes=5).decide("loud", at=6, count=10)
    assert len(cell.trips) == 1
    cell.decide("loud", at=7)
    assert cell.names() == ["loud", "loud"]
    assert cell.trips[1].record.since == NOON + timedelta(minutes=5)


def test_hits_from_before_a_reset_do_not_count_even_if_they_are_read_after_it() -> None:
    cell = Cell()
    cell.position = 100
    cell.reset()
    cell.position = 0
    assert cell.decide("loud", count=50).trips == []
    cell.position = 200
    assert cell.decide("loud", count=11).names() == ["loud"]


def test_a_restart_forgets_nothing_and_trips_nothing_twice() -> None:
    cell = Cell().decide("loud", count=6).restarted().decide("loud", count=5)
    assert cell.names() == ["loud"]
    assert cell.restarted().decide("loud", count=50).names() == ["loud"]


def test_a_trip_that_is_made_again_after_a_crash_is_the_same_and_a_reset_undoes_both() -> None:
    before = Cell().decide("loud", count=6)
    first = before.restarted().decide("loud", count=5)
    again = before.restarted().decide("loud", count=9)
    ours, theirs = first.trips[0], again.trips[0]
    assert ours.alert("demo").alert_id == theirs.alert("demo").alert_id
    assert (ours.record.rule_id, ours.record.since) == (theirs.record.rule_id, theirs.record.since)
    late = first.reset(minutes=1).switch(theirs.record).decide("loud", at=2, count=10)
    assert late.names() == ["loud"]
    assert late.decide("loud", at=2).names() == ["loud", "loud"]


def test_its_own_trip_read_from_the_log_is_known_after_the_memory_of_it_is_lost() -> None:
    before = Cell().decide("loud", count=6)
    trip = before.restarted().decide("loud", count=5).trips[0]
    assert before.switch(trip.record).decide("loud", count=50).trips == []


def test_hits_that_are_read_before_the_rule_set_that_arms_their_breaker_are_judged_with_it() -> (
    None
):
    cell = Cell()
    cell.breakers = Breakers()
    cell.decide("loud", count=10).decide("loud", "quiet", at=30)
    assert cell.trips == []
    cell.arm()
    (trip,) = cell.trips
    assert (trip.record.rule_id, trip.record.recorded_at) == ("loud", NOON + timedelta(minutes=30))
    cell.arm()
    assert cell.names() == ["loud"]


def test_a_rule_set_without_the_breaker_disarms_it() -> None:
    cell = Cell()
    cell.take(Observation(stream=Stream.LOG, cell=3, controls=(Armed(breakers={}),)))
    assert cell.decide("loud", count=50).trips == []


def test_the_alert_names_the_rule_and_the_mend() -> None:
    (trip,) = Cell().decide("loud", count=11).trips
    alert = trip.alert("demo")
    assert (alert.entity_kind, alert.entity, alert.rules) == ("rule", "loud", ("loud",))
    assert (alert.severity, alert.raised_at) == (Severity.HIGH, NOON)
    assert "watchkeeper rules reset loud" in alert.reasons[1]


@pytest.mark.parametrize("is_restarted", [False, True])
@given(
    hits=st.lists(st.integers(0, 240), max_size=60),
    most=st.integers(1, 12),
)
def test_it_trips_exactly_where_a_recount_finds_too_many(
    *, is_restarted: bool, hits: list[int], most: int
) -> None:
    cell = Cell()
    armed = Armed(breakers={"loud": Breaker(max_hits_per_hour=most)})
    minutes, due = sorted(hits), None
    for number, at in enumerate(minutes):
        count = sum(at - 60 < other <= at for other in minutes[: number + 1])
        if due is None and count > most:
            due = at
    cell.take(Observation(stream=Stream.LOG, cell=3, controls=(armed,)))
    for at in minutes:
        cell.decide("loud", at=at)
        if is_restarted:
            kept = msgspec.msgpack.encode(cell.breakers)
            cell.breakers = msgspec.msgpack.decode(kept, type=Breakers)
    found = [trip.record.recorded_at for trip in cell.trips]
    assert found == ([] if due is None else [NOON + timedelta(minutes=due)])
