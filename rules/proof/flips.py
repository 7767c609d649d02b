"""Where the score flips: things that can be turned up, and the turns at which it changes."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from msgspec.structs import replace

from data_contracts.transaction import Transaction
from rules.expressions.names import fields
from rules.instants import epoch_ms
from rules.proof.subject import Score, Screen, Subject, Trial
from rules.proof.trials import Slot, arrived, in_time, moved, slots_of, smallest
from rules.proof.vocabulary import Vocabulary, with_text

AMOUNTS = (1, *(3**power for power in range(1, 26)))
COPIES = (0, 1, 2, 3, 4, 6, 8, 12, 16, 32, 64)
MANY_COPIES = (*COPIES, 128, 256, 512)
SMALL_SHARE = 0.1  # A rule that asks for a smaller share may need hundreds of events to flip.
BASES_MAX = 6
GENEROUS = 8
PADDING = 4
MINUTE_MS = 60_000

Made = Callable[[int], Trial]


def edges_in(turns: Sequence[int], made: Made, screen: Screen) -> Iterator[int]:
    """The turns at which the score is another than one turn before, as far as they are found."""

    def score(turn: int) -> Score:
        return screen(made(turn))

    scores = [score(turn) for turn in turns]
    for number in range(1, len(turns)):
        if scores[number] != scores[number - 1]:
            yield _edge(score, turns[number - 1], turns[number], scores[number - 1])


def _edge(score: Callable[[int], Score], low: int, high: int, before: Score) -> int:
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if score(middle) == before else (low, middle)
    return high


def prices(trial: Trial, slots: Sequence[Slot]) -> list[Made]:
    """Amounts that can be turned up: of one event, of the history, of all."""
    return [
        *(partial(_priced, trial, slot) for slot in slots),
        partial(_history_priced, trial),
        partial(_all_priced, trial),
    ]


def _priced(trial: Trial, slot: Slot, amount: int) -> Trial:
    event = replace(slot.event(trial), amount_minor=amount)
    return slot.exchanged(f"{slot.called} of {amount:,}", trial, event)


def priced_after(trial: Trial, amount: int) -> Trial:
    """The judged event of that amount, right after one as it was."""
    before = moved(trial.event, epoch_ms(trial.event.occurred_at) - 1)
    event = replace(trial.event, amount_minor=amount)
    return in_time(f"{amount:,}, right after one as it was", (*trial.history, before), event)


def _history_priced(trial: Trial, amount: int) -> Trial:
    history = [replace(item, amount_minor=amount) for item in trial.history]
    return arrived(f"a history of {amount:,} each", history, trial.event)


def _all_priced(trial: Trial, amount: int) -> Trial:
    history = [replace(item, amount_minor=amount) for item in trial.history]
    return arrived(f"{amount:,} each", history, replace(trial.event, amount_minor=amount))


def growths(subject: Subject, trial: Trial, slots: Sequence[Slot]) -> list[Made]:
    """Histories that can be made longer: by events alike, or each with another text somewhere."""
    texts = {
        item.of
        for item in subject.features
        if item.of is not None and item.of in fields() and _is_free(item.of)
    }
    return [partial(_grown, trial, slot, name) for slot in slots for name in (None, *sorted(texts))]


def copies_for(vocabulary: Vocabulary) -> Sequence[int]:
    """How many copies of an event are tried."""
    has_small = any(0 < number < SMALL_SHARE for number in vocabulary.places)
    return MANY_COPIES if has_small else COPIES


def _is_free(name: str) -> bool:
    found = fields()[name]
    return str(found) == "text" and not found.words


def _grown(trial: Trial, slot: Slot, name: str | None, number: int) -> Trial:
    now, event = epoch_ms(trial.event.occurred_at), slot.event(trial)
    more = [_copy(event, now - 1 - turn, name, turn) for turn in range(number)]
    called = f"{number} more of {slot.called}{f', each of another {name}' if name else ''}"
    return in_time(called, (*trial.history, *more), trial.event)


def _copy(event: Transaction, at: int, name: str | None, turn: int) -> Transaction:
    copy = moved(event, at)
    return copy if name is None else with_text(copy, name, f"no-{turn}")


def bases_of(
    subject: Subject, vocabulary: Vocabulary, screen: Screen, hits: Sequence[Trial]
) -> list[Trial]:
    """Hits to begin with: smallest histories, small and large amounts, and those near a flip."""
    found: dict[tuple[object, ...], Trial] = {}
    for hit in hits:
        own = smallest(hit, screen)
        near = list(_near(subject, vocabulary, screen, own))
        for base in (own, *near[:BASES_MAX]):
            found.setdefault((base.history, base.event), base)
    return list(found.values())


def _near(
    subject: Subject, vocabulary: Vocabulary, screen: Screen, trial: Trial
) -> Iterator[Trial]:
    yield from _padded(subject, screen, trial)
    generous = [_scaled(trial, factor) for factor in (GENEROUS, 1 / GENEROUS)]
    yield from (smallest(base, screen) for base in generous if screen(base) is not None)
    slots = slots_of(trial, tuple(vocabulary.words))
    ways: list[tuple[Sequence[int], Made]] = [
        (AMOUNTS, made) for made in reversed(prices(trial, slots))
    ]
    ways += [(copies_for(vocabulary), made) for made in growths(subject, trial, slots)]
    for turns, made in ways:
        for edge in edges_in(turns, made, screen):
            sides = [made(edge - 1), made(edge)]
            yield from (smallest(side, screen) for side in sides if screen(side) is not None)


def _padded(subject: Subject, screen: Screen, trial: Trial) -> Iterator[Trial]:
    """The trial with more events right behind a window: so longer windows alone decide nothing."""
    ages = sorted({item.window_ms + (item.tile_ms or 0) for item in subject.features})
    for age in ages[:-1]:
        at = epoch_ms(trial.event.occurred_at) - age - MINUTE_MS
        more = [moved(event, at - n) for event in _first_and_last(trial) for n in range(PADDING)]
        padded = in_time("", (*trial.history, *more), trial.event)
        if more and screen(padded) == screen(trial):
            yield padded


def _first_and_last(trial: Trial) -> tuple[Transaction, ...]:
    return (trial.history[0], trial.history[-1]) if trial.history else ()


def _scaled(trial: Trial, factor: float) -> Trial:
    def priced(event: Transaction) -> Transaction:
        return replace(event, amount_minor=max(1, int(event.amount_minor * factor)))

    return arrived(f"amounts times {factor:g}", map(priced, trial.history), priced(trial.event))
