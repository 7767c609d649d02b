"""Tests that write themselves: a test that hits, moved to every edge of its rule.

Each knob turns one thing of the smallest history that still hits: when an event occurs, how large
it is, what its fields say, how many there are, in which order they arrive. What is expected of a
test that was made so is what the judge of features says.
"""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from data_contracts.money import AMOUNT_MINOR_MAX
from data_contracts.transaction import Transaction
from rules.expressions import tree
from rules.forms import duration_text
from rules.instants import epoch_ms
from rules.model import LATENESS_MS_MAX, FeatureDefinition
from rules.proof.flips import (
    AMOUNTS,
    Made,
    bases_of,
    copies_for,
    edges_in,
    growths,
    priced_after,
    prices,
)
from rules.proof.places import places
from rules.proof.subject import Screen, Subject, Trial
from rules.proof.trials import (
    JUDGED,
    Slot,
    arrived,
    in_time,
    moved,
    shifted,
    slots_of,
)
from rules.proof.vocabulary import Vocabulary, vocabulary_of, with_text

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
HITS_MAX = 3  # Further tests that hit seldom have edges of their own.


@dataclass(frozen=True, slots=True)
class Bench:
    """A hit in its smallest form, and what may be turned about it."""

    subject: Subject
    vocabulary: Vocabulary
    screen: Screen
    trial: Trial
    slots: tuple[Slot, ...]

    @property
    def now(self) -> int:
        """When the judged event occurs."""
        return epoch_ms(self.trial.event.occurred_at)


Knob = Callable[[Bench], Iterator[Trial]]


def trials_at_edges(subject: Subject, hits: Sequence[Trial]) -> list[Trial]:
    """Every test that can be made of some tests that hit, each once."""
    vocabulary, screen = vocabulary_of(subject), subject.screen()
    found: dict[tuple[object, ...], Trial] = {}
    for base in bases_of(subject, vocabulary, screen, hits[:HITS_MAX]):
        slots = tuple(slots_of(base, tuple(vocabulary.words)))
        bench = Bench(subject, vocabulary, screen, base, slots)
        for knob in KNOBS:
            for made in knob(bench):
                found.setdefault((made.history, made.event), made)
    return list(found.values())


def _as_it_is(bench: Bench) -> Iterator[Trial]:
    yield arrived("the smallest history that hits", bench.trial.history, bench.trial.event)


def _edges(bench: Bench) -> Iterator[tuple[str, int]]:
    """Instants at which a window or an interval of the rule begins, and those beside them."""
    for definition in bench.subject.features:
        edge = _first_instant(definition, bench.now)
        words = f"the edge of {definition.name}"
        yield from _around(words, edge, definition.tile_ms)
    for duration in bench.vocabulary.durations:
        yield from _around(f"{duration_text(duration)} before", bench.now - duration, None)


def _first_instant(definition: FeatureDefinition, now: int) -> int:
    """The earliest instant that the window still holds."""
    tile = definition.tile_ms
    if tile is None:
        return now - definition.window_ms + 1
    return (now // tile - definition.window_ms // tile + 1) * tile


def _around(words: str, edge: int, tile: int | None) -> Iterator[tuple[str, int]]:
    steps = (-2, -1, 0, 1) if tile is None else (-tile, -1, 0, 1, tile // 2)
    for step in steps:
        yield f"{words}{f' {step:+,} ms' if step else ''}", edge + step


def _moves(bench: Bench) -> Iterator[Trial]:
    tiles = {item.tile_ms for item in bench.subject.features if item.tile_ms is not None}
    delays = sorted({0, *tiles, *(tile // 2 for tile in tiles)})
    for later in (_later(bench, delay) for delay in delays):
        for slot in later.slots[1:]:
            for words, at in _edges(later):
                event = moved(slot.event(later.trial), at)
                yield slot.exchanged(f"{slot.called} at {words}", later.trial, event)


def _later(bench: Bench, delay_ms: int) -> Bench:
    """The same a while later: its windows begin at other places of their tiles."""
    return dataclasses.replace(bench, trial=shifted("", bench.trial, delay_ms))


def _additions(bench: Bench) -> Iterator[Trial]:
    """One more event: like the judged one or one of the history, at the edges and right before."""
    history, event = bench.trial.history, bench.trial.event
    times = [("right before", bench.now - 1), ("a minute before", bench.now - 60_000)]
    for slot in bench.slots:
        for words, at in [*times, *_edges(bench)]:
            more = moved(slot.event(bench.trial), at)
            yield in_time(f"another {slot.called}, {words}", (*history, more), event)


def _variants(bench: Bench) -> Iterator[Trial]:
    """One more event that differs in one field."""
    history, event = bench.trial.history, bench.trial.event
    for slot in bench.slots:
        before = moved(slot.event(bench.trial), bench.now - 60_000)
        for words, more in _rewritten(bench, before):
            yield in_time(f"another {slot.called} where {words}", (*history, more), event)


def _copies(bench: Bench) -> Iterator[Trial]:
    """More and more of the same, on both sides of each number that changes the score."""
    for made in growths(bench.subject, bench.trial, bench.slots):
        for edge in edges_in(copies_for(bench.vocabulary), made, bench.screen):
            yield from (made(near) for near in (edge - 1, edge))


def _omissions(bench: Bench) -> Iterator[Trial]:
    for slot in bench.slots[1:]:
        rest = [item for n, item in enumerate(bench.trial.history) if n != slot.number]
        yield arrived(f"without {slot.called}", rest, bench.trial.event)
    yield arrived("without any history", (), bench.trial.event)


def _words(bench: Bench) -> Iterator[Trial]:
    for slot in bench.slots:
        for words, event in _rewritten(bench, slot.event(bench.trial)):
            yield slot.exchanged(f"{slot.called} where {words}", bench.trial, event)
    history, judged = bench.trial.history, bench.trial.event
    before = moved(judged, bench.now - 1)
    for words, event in _rewritten(bench, judged):
        yield in_time(f"{words}, right after one as it was", (*history, before), event)


def _rewritten(bench: Bench, event: Transaction) -> Iterator[tuple[str, Transaction]]:
    for name, texts in bench.vocabulary.words.items():
        own = getattr(bench.trial.event, name)
        for text in dict.fromkeys((*texts, own)):
            if text != getattr(event, name) and name != "transaction_id":
                yield f"{name} is {text or 'unknown'}", with_text(event, name, text)
    yield from _keys_alike(bench, event)


def _keys_alike(bench: Bench, event: Transaction) -> Iterator[tuple[str, Transaction]]:
    """An event whose key is the one that the judged event looks under."""
    for definition in bench.subject.features:
        for by, at in zip(definition.by, definition.at, strict=True):
            if by != at:
                text = getattr(bench.trial.event, at)
                yield f"{by} is the judged {at}", with_text(event, by, text)


def _amounts(bench: Bench) -> Iterator[Trial]:
    numbers = bench.vocabulary.numbers
    named = {near for number in numbers for near in range(number - 1, number + 2)}
    ways: list[Made] = [*prices(bench.trial, bench.slots), partial(priced_after, bench.trial)]
    for made in ways:
        yield from (made(amount) for amount in sorted(named) if 1 <= amount <= AMOUNT_MINOR_MAX)
        for edge in edges_in(AMOUNTS, made, bench.screen):
            yield from (made(near) for near in range(edge - 1, edge + 2))


def _clock(bench: Bench) -> Iterator[Trial]:
    midnight = bench.now // DAY_MS * DAY_MS
    for hour in bench.vocabulary.hours:
        for words, at in _around(f"at {hour} o'clock", midnight + hour * HOUR_MS, None):
            yield shifted(words, bench.trial, at - bench.now)
        yield shifted(
            f"at half past {hour}", bench.trial, midnight + hour * HOUR_MS + 1_800_000 - bench.now
        )
    for days in range(1, 7) if bench.vocabulary.has_weekday else ():
        yield shifted(f"{days} days later", bench.trial, days * DAY_MS)
    for instant in bench.vocabulary.instants:
        for words, at in _around("at the named instant", instant, None):
            yield shifted(words, bench.trial, at - bench.now)


def _arrival(bench: Bench) -> Iterator[Trial]:
    """The same events in another order, some of them late."""
    history, event = bench.trial.history, bench.trial.event
    if not history:
        return
    yield arrived("the history arrives backwards", history[::-1], event)
    yield arrived("the oldest event arrives last", (*history[1:], history[0]), event)
    yield arrived("the newest event arrives first", (history[-1], *history[:-1]), event)
    for slot in bench.slots[1:]:
        at_once = moved(slot.event(bench.trial), bench.now)
        yield slot.exchanged(f"{slot.called} at the very same time", bench.trial, at_once)
        later = moved(slot.event(bench.trial), bench.now + 1)
        yield slot.exchanged(f"{slot.called} 1 ms after the judged one", bench.trial, later)
    for words, ahead in (("as late as can be", 0), ("too late", 1)):
        first = moved(history[0], bench.now + LATENESS_MS_MAX + ahead)
        yield arrived(f"the judged event is {words}", (*history, first), event)


def _places(bench: Bench) -> Iterator[Trial]:
    names = [name for name in ("latitude", "longitude") if _names(bench.subject, name)]
    for name in names:
        for slot in bench.slots[1:] or (JUDGED,):
            yield from places(bench.trial, slot, name, bench.vocabulary.places)


def _names(subject: Subject, name: str) -> bool:
    return name in tree.fields_of(subject.when) or name in {item.of for item in subject.features}


KNOBS: tuple[Knob, ...] = (
    _as_it_is,
    _moves,
    _omissions,
    _amounts,
    _copies,
    _words,
    _additions,
    _variants,
    _clock,
    _arrival,
    _places,
)
