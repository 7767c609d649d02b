"""Trials made of others: an event moved, changed, taken out or repeated."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from data_contracts.transaction import Transaction
from rules.instants import epoch_ms, from_epoch_ms
from rules.proof.subject import Screen, Trial


def arrived(name: str, history: Iterable[Transaction], event: Transaction) -> Trial:
    """A trial whose events arrive in this order, none before it occurs or before another did."""
    found, clock = [], event.occurred_at
    for number, item in enumerate(history):
        clock = item.occurred_at if number == 0 else max(clock, item.occurred_at)
        found.append(replace(item, transaction_id=f"test-{number}", received_at=clock))
    clock = max(clock, event.occurred_at) if found else event.occurred_at
    return Trial(name, tuple(found), replace(event, transaction_id="test", received_at=clock))


def in_time(name: str, history: Iterable[Transaction], event: Transaction) -> Trial:
    """A trial whose history arrives in the order of time."""
    return arrived(name, sorted(history, key=lambda item: item.occurred_at), event)


def moved(event: Transaction, occurred_ms: int) -> Transaction:
    """The event at another time."""
    return replace(event, occurred_at=from_epoch_ms(occurred_ms))


def shifted(name: str, trial: Trial, by_ms: int) -> Trial:
    """Everything earlier or later."""
    history = [moved(item, epoch_ms(item.occurred_at) + by_ms) for item in trial.history]
    return arrived(name, history, moved(trial.event, epoch_ms(trial.event.occurred_at) + by_ms))


@dataclass(frozen=True, slots=True)
class Slot:
    """One event of a trial that can be exchanged; -1 is the judged one."""

    number: int
    called: str

    def event(self, trial: Trial) -> Transaction:
        """The event that stands there."""
        return trial.event if self.number < 0 else trial.history[self.number]

    def exchanged(self, name: str, trial: Trial, event: Transaction) -> Trial:
        """The trial with another event there."""
        if self.number < 0:
            return arrived(name, trial.history, event)
        history = [*trial.history[: self.number], event, *trial.history[self.number + 1 :]]
        return in_time(name, history, trial.event)


JUDGED = Slot(-1, "the judged event")


def slots_of(trial: Trial, names: Sequence[str], most: int = 6) -> list[Slot]:
    """The judged event, and the first and last of each sort of event in the history."""
    sorts: dict[tuple[object, ...], list[int]] = {}
    for number, item in enumerate(trial.history):
        key = tuple(getattr(item, name) == getattr(trial.event, name) for name in names)
        sorts.setdefault((item.type, item.direction, *key), []).append(number)
    chosen = sorted({number for some in sorts.values() for number in (some[0], some[-1])})
    return [JUDGED, *(Slot(number, f"event {number + 1}") for number in chosen[:most])]


def smallest(trial: Trial, screen: Screen) -> Trial:
    """The trial with no event that could be left out without changing its score."""
    score, history = screen(trial), list(trial.history)
    size = len(history)
    while size:
        begin = 0
        while begin < len(history):
            rest = history[:begin] + history[begin + size :]
            if screen(arrived("", rest, trial.event)) == score:
                history = rest
            else:
                begin += size
        size //= 2
    return arrived(trial.name, history, trial.event)
