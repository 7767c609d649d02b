"""Trials at the edges of latitude and longitude: two places as far apart as a number says."""

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from rules.proof.subject import Trial
from rules.proof.trials import JUDGED, Slot

STEP = 1 / 1024  # Small, and exact in a float.
HIGHEST = {"latitude": 90.0, "longitude": 180.0}


def places(trial: Trial, slot: Slot, name: str, numbers: Sequence[float]) -> Iterator[Trial]:
    """One event at an end of the range, the judged one so many degrees away, and beside that."""
    highest = HIGHEST[name]
    for number in numbers:
        for away in (number - STEP, number, number + STEP):
            if 0 <= away <= 2 * highest:
                yield from _apart(trial, slot, name, away)
    yield JUDGED.exchanged(f"{name} is unknown", trial, replace(trial.event, **{name: None}))


def _apart(trial: Trial, slot: Slot, name: str, away: float) -> Iterator[Trial]:
    begin = -HIGHEST[name]
    for there, here in ((begin, begin + away), (begin + away, begin)):
        event = replace(slot.event(trial), **{name: there})
        moved = slot.exchanged("", trial, event)
        judged = replace(moved.event, **{name: here})
        yield JUDGED.exchanged(f"{away:g} degrees of {name} apart", moved, judged)
