"""The judge of features: slow, obvious, and right by definition.

The population of an event *e* at time *t* are the events of its key that stand before *e* in the
log, and *e* itself unless `current` excludes it, for which `where` is true, the field is not null,
and whose `occurred_at` lies in `(t - window, t]`; with tiles, in the tiles
`t // tile - window // tile + 1 ... t // tile`. What the design leaves open is settled here:

- A key is the tenant and the fields, compared as texts. An event is remembered under its `by` key
  and looks under its `at` key; where the two differ, *e* is not in its own population.
- *late*: more than 24 h behind the highest `occurred_at` among all events of the key, whether
  `where` was true of them or not. Remembering asks the `by` key, looking the `at` key.
- *saturated*, exact windows: more than `capacity` remembered events of the key are newer than
  `t - window`, those after *t* included. So "the last K" are the last by (occurred_at, position).
- *saturated*, `distinct`: more than `distinct_capacity` different values are in the population, or
  with tiles, are newer than its first tile. An exact `distinct` has both limits, one of tiles this.
- *forgotten*: a key under which nothing was remembered or refused for longer than window + 48 h of
  the log's clock (the highest `received_at` so far) begins anew. Events that arrive within a day
  never notice; it is what bounds memory.
- `first_seen` is the earliest `occurred_at` of the population in milliseconds since 1970; with a
  field (`of`), of the events that have it.
- A null key gives 0 for `count` and `distinct`, else null, without a flag.
- Sums of more than nine million amounts of the largest kind under one key are not foreseen.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from data_contracts.decision import FeatureValue
from data_contracts.transaction import Transaction
from rules.features import moments
from rules.features.fields import HOUR_MS, Key, key_of, value_of
from rules.instants import epoch_ms
from rules.model import LATENESS_MS_MAX, Aggregate, FeatureDefinition, Flag

FORGET_AFTER_MS = 48 * HOUR_MS  # Beyond the window.

Answer = tuple[FeatureValue, Flag | None]
Holds = Callable[[str, Transaction], bool]


@dataclass(frozen=True, slots=True)
class _Event:
    occurred_at: int
    value: FeatureValue


@dataclass(slots=True)
class _Life:
    """What is known of a key since it was last forgotten; events in order of position."""

    highest: int
    touched: int
    events: list[_Event] = field(default_factory=list)

    def is_late(self, occurred_at: int) -> bool:
        return occurred_at < self.highest - LATENESS_MS_MAX


def values(
    definitions: Sequence[FeatureDefinition], history: Sequence[Transaction], holds: Holds
) -> list[dict[str, Answer]]:
    """Each event's features by name; `history` is in order of position and has no duplicates.

    `holds(condition, transaction)` says whether the text of a `where` is true of a transaction.
    """
    columns = [_Memory(definition, holds).answers(history) for definition in definitions]
    names = [definition.name for definition in definitions]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)] or [
        {} for _ in history
    ]


def last_answer(
    definition: FeatureDefinition, history: Sequence[Transaction], holds: Holds
) -> Answer:
    """What `values` says of the last event, the others being remembered but not judged."""
    return _Memory(definition, holds).last(history)


class _Memory:
    """One feature over one history."""

    def __init__(self, definition: FeatureDefinition, holds: Holds) -> None:
        self.definition = definition
        self.holds = holds
        self.lives: dict[Key, _Life] = {}

    def answers(self, history: Sequence[Transaction]) -> list[Answer]:
        """The feature's answer for each event."""
        found, clock = [], 0
        for event in history:
            clock = max(clock, epoch_ms(event.received_at))
            found.append(self._judge(event, clock))
        return found

    def last(self, history: Sequence[Transaction]) -> Answer:
        """The feature's answer for the last event alone."""
        clock = 0
        for event in history[:-1]:
            clock = max(clock, epoch_ms(event.received_at))
            self._remember(event, clock)
        return self._judge(history[-1], max(clock, epoch_ms(history[-1].received_at)))

    def _judge(self, event: Transaction, clock: int) -> Answer:
        if self.definition.is_current_included:
            self._remember(event, clock)
        answer = self._look(event, clock)
        if not self.definition.is_current_included:
            self._remember(event, clock)
        return answer

    def _alive(self, key: Key, clock: int) -> _Life | None:
        life = self.lives.get(key)
        is_forgotten = (
            life is None or clock - life.touched > self.definition.window_ms + FORGET_AFTER_MS
        )
        return None if is_forgotten else life

    def _remember(self, event: Transaction, clock: int) -> None:
        key, occurred_at = key_of(event, self.definition.by), epoch_ms(event.occurred_at)
        if key is None:
            return
        life = self._alive(key, clock) or _Life(occurred_at, clock)
        self.lives[key] = life
        life.touched = clock
        if life.is_late(occurred_at):
            return
        life.highest = max(life.highest, occurred_at)
        value = None if self.definition.of is None else value_of(event, self.definition.of)
        is_counted = self.definition.where is None or self.holds(self.definition.where, event)
        if is_counted and (self.definition.of is None or value is not None):
            life.events.append(_Event(occurred_at, value))

    def _look(self, event: Transaction, clock: int) -> Answer:
        key, occurred_at = key_of(event, self.definition.at), epoch_ms(event.occurred_at)
        life = None if key is None else self._alive(key, clock)
        if life is None:
            return _aggregate(self.definition.aggregate, []), None
        if life.is_late(occurred_at):
            return None, Flag.LATE
        newer = [item for item in life.events if self._age(item, occurred_at) < self._span()]
        population = [item for item in newer if self._age(item, occurred_at) >= 0]
        if self._is_saturated(newer, population):
            return None, Flag.SATURATED
        return _aggregate(self.definition.aggregate, population), None

    def _unit(self) -> int:
        return self.definition.tile_ms or 1

    def _span(self) -> int:
        return self.definition.window_ms // self._unit()

    def _age(self, item: _Event, occurred_at: int) -> int:
        """How far an event lies behind, in tiles or, without them, in milliseconds."""
        return occurred_at // self._unit() - item.occurred_at // self._unit()

    def _is_saturated(self, newer: list[_Event], population: list[_Event]) -> bool:
        definition = self.definition
        is_exact = definition.tile_ms is None
        if is_exact and len(newer) > definition.capacity:
            return True
        if definition.aggregate is not Aggregate.DISTINCT:
            return False
        different = {item.value for item in (population if is_exact else newer)}
        return len(different) > definition.distinct_capacity


def _aggregate(aggregate: Aggregate, population: list[_Event]) -> FeatureValue:
    if aggregate is Aggregate.COUNT:
        return len(population)
    if aggregate is Aggregate.DISTINCT:
        return len({item.value for item in population})
    if not population:
        return None
    if aggregate is Aggregate.FIRST_SEEN:
        return min(item.occurred_at for item in population)
    if aggregate is Aggregate.LAST:
        return max(enumerate(population), key=lambda item: (item[1].occurred_at, item[0]))[1].value
    return _of_numbers(aggregate, [item.value for item in population])


def _of_numbers(aggregate: Aggregate, found: Sequence[FeatureValue]) -> FeatureValue:
    numbers = [value for value in found if isinstance(value, int | float)]
    if aggregate is Aggregate.MIN:
        return min(numbers)
    if aggregate is Aggregate.MAX:
        return max(numbers)
    whole = [int(value) for value in numbers]
    if aggregate is Aggregate.SUM:
        return sum(whole)
    if aggregate is Aggregate.AVG:
        return moments.mean(len(whole), sum(whole))
    parts = [moments.square_parts(value) for value in whole]
    squares = sum(p[0] for p in parts), sum(p[1] for p in parts), sum(p[2] for p in parts)
    return moments.deviation(len(whole), sum(whole), squares)
