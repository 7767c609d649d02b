"""One feature over all its windows: what counts is cut out, then each aggregate is a few passes."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from rules.features import moments
from rules.features.batch import ranges
from rules.features.batch.arrivals import Arrivals, Bools, Ints
from rules.features.batch.ranges import Numbers
from rules.features.batch.windows import Singles, Windows
from rules.features.fields import WHOLE
from rules.model import Aggregate, FeatureDefinition

NOWHERE = -1  # The row of a value where there is none.


@dataclass(frozen=True)
class Population:
    """Windows over those places alone that count for a feature.

    `rows` are their rows. `singles` are those of each look beside its range.
    """

    definition: FeatureDefinition
    windows: Windows
    rows: Ints
    before: Ints | None  # How many places that count stand before a place; None where all do.
    singles: tuple[Singles, ...]

    @classmethod
    def of(cls, definition: FeatureDefinition, windows: Windows) -> "Population":
        """Cut out what counts: `where` is true and the field is known."""
        rows = windows.lives.rows
        is_counted = _is_counted(definition, windows.lives.pair.arrivals)
        if is_counted is None or bool((counts := is_counted[rows]).all()):
            return cls(definition, windows, rows, None, tuple(windows.singles()))
        before = np.append(0, np.cumsum(counts, dtype=np.int64))
        singles = tuple(
            Singles(item.looks[is_in], before[item.places[is_in]], item.is_inside[is_in])
            for item in windows.singles()
            for is_in in [counts[item.places]]
        )
        return cls(definition, windows, rows[counts], before, singles)

    def _cut(self, places: Ints) -> Ints:
        return places if self.before is None else self.before[places]

    @cached_property
    def low(self) -> Ints:
        """Where each range begins."""
        return self._cut(self.windows.low)

    @cached_property
    def high(self) -> Ints:
        """Where it ends."""
        windows = self.windows
        return self.newer if windows.high is windows.newer else self._cut(windows.high)

    @cached_property
    def newer(self) -> Ints:
        """Where it would end if it went on to the newest."""
        return self._cut(self.windows.newer)

    @cached_property
    def inside(self) -> tuple[Ints, Ints]:
        """The singles of the windows: looks and places."""
        looks = [item.looks[item.is_inside] for item in self.singles]
        places = [item.places[item.is_inside] for item in self.singles]
        return _together(looks), _together(places)

    @cached_property
    def all_newer(self) -> tuple[Ints, Ints]:
        """Those that are newer than the window's edge, after it too."""
        looks = [item.looks for item in self.singles]
        return _together(looks), _together([item.places for item in self.singles])

    @cached_property
    def count(self) -> Ints:
        """How many are in each window."""
        found = self.high - self.low
        looks, _ = self.inside
        return found + np.bincount(looks, minlength=len(found)) if len(looks) else found

    @cached_property
    def count_newer(self) -> Ints:
        """How many are newer than each window's edge."""
        found = self.newer - self.low
        looks, _ = self.all_newer
        return found + np.bincount(looks, minlength=len(found)) if len(looks) else found

    def total(self, values: Ints) -> Ints:
        """The sums of some values, by place."""
        found = ranges.totals(values, self.low, self.high)
        looks, places = self.inside
        np.add.at(found, looks, values[places])
        return found

    def extreme(self, pick: np.ufunc, values: Numbers) -> Numbers:
        """The lowest or highest of some values, by place; anything where there is none."""
        found = ranges.extremes(pick, values, self.low, self.high)
        looks, places = self.inside
        if len(looks):
            is_alone = (self.high == self.low)[looks]
            found[looks[is_alone]] = values[places[is_alone]]
            pick.at(found, looks, values[places])
        return found

    def first(self) -> Ints:
        """The first place, or anything."""
        found, (looks, places) = self.low.copy(), self.inside
        is_alone = (self.high == self.low)[looks]
        found[looks[is_alone]] = len(self.rows)
        np.minimum.at(found, looks[is_alone], places[is_alone])
        return found

    def last(self) -> Ints:
        """The last place, or anything."""
        found, (looks, places) = self.high - 1, self.inside
        np.maximum.at(found, looks, places)
        return found


def _together(parts: list[Ints]) -> Ints:
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)


def _is_counted(definition: FeatureDefinition, arrivals: Arrivals) -> Bools | None:
    is_true = None if definition.where is None else arrivals.mask(definition.where)
    if definition.of in {None, WHOLE}:
        return is_true
    is_known: Bools = arrivals.frame[definition.of].is_not_null().to_numpy()
    return is_known if is_true is None else is_known & is_true


@dataclass(frozen=True)
class Differents:
    """How many different values are in each window of a population."""

    population: Population

    @cached_property
    def groups(self) -> Ints:
        """Of each place: equal where life and value are."""
        arrivals = self.population.windows.lives.pair.arrivals
        codes = arrivals.codes(self.population.definition.of or "")[self.population.rows]
        return self.lives * (int(codes.max(initial=0)) + 1) + codes

    @cached_property
    def lives(self) -> Ints:
        """Of each place."""
        windows = self.population.windows
        life = windows.lives.marks // max(1, len(windows.lives.pair.arrivals.times))
        before = self.population.before
        return life if before is None else life[np.diff(before) == 1]

    @cached_property
    def starts(self) -> Ints:
        """Where the life of each place begins."""
        places = np.arange(len(self.lives))
        begins = np.ones(len(places), np.bool_)
        begins[1:] = self.lives[1:] != self.lives[:-1]
        return np.maximum.accumulate(np.where(begins, places, 0)) if len(places) else places

    def inside(self) -> Ints:
        """In the window."""
        return self._count(self.population.high, self.population.inside)

    def newer(self) -> Ints:
        """Newer than the window's edge."""
        return self._count(self.population.newer, self.population.all_newer)

    def _count(self, high: Ints, singles: tuple[Ints, Ints]) -> Ints:
        low = self.population.low
        found = ranges.differents(self.groups, self.starts, low, high)
        looks, places = singles
        if len(looks):
            sought = self.groups[places]
            is_new = ~ranges.holds(self.groups, sought, low[looks], high[looks])
            pairs = np.unique(np.stack([looks[is_new], sought[is_new]]), axis=1)
            found += np.bincount(pairs[0], minlength=len(found))
        return found


@dataclass(frozen=True)
class Answer:
    """Of each look: the value, or the row that has it; and whether it is too much to know."""

    values: Numbers
    is_saturated: Bools | None
    is_row: bool = False


def answer(population: Population) -> Answer:
    """What the aggregate says of each window; anything where it is empty."""
    definition = population.definition
    if definition.aggregate is Aggregate.DISTINCT:
        return _distinct(population)
    values, is_row = _values(population)
    return Answer(values, _is_overfull(population), is_row)


def _is_overfull(population: Population) -> Bools | None:
    definition = population.definition
    if definition.tile_ms is not None:
        return None
    found: Bools = population.count_newer > definition.capacity
    return found


def _values(population: Population) -> tuple[Numbers, bool]:
    arrivals, rows = population.windows.lives.pair.arrivals, population.rows
    match population.definition.aggregate:
        case Aggregate.COUNT:
            return population.count, False
        case Aggregate.FIRST_SEEN:
            times = arrivals.occurred[rows]
            return _taken(times, population.first()), False
        case Aggregate.LAST:
            return _taken(rows, population.last()), True
        case aggregate:
            return _of_numbers(aggregate, population), False


def _taken(values: Ints, places: Ints) -> Ints:
    """The values at places; anything where there is no such place."""
    if not len(values):
        return np.zeros(len(places), np.int64)
    return values[np.clip(places, 0, len(values) - 1)]


def _of_numbers(aggregate: Aggregate, population: Population) -> Numbers:
    column = population.windows.lives.pair.arrivals.frame[population.definition.of or ""]
    values = column.gather(population.rows).to_numpy()
    if aggregate is Aggregate.MIN:
        return population.extreme(np.minimum, values)
    if aggregate is Aggregate.MAX:
        return population.extreme(np.maximum, values)
    sums = population.total(values)
    if aggregate is Aggregate.SUM:
        return sums
    if aggregate is Aggregate.AVG:
        return moments.means(population.count, sums)
    high, low = np.divmod(values, moments.BASE)
    squares = [population.total(part) for part in (high * high, high * low, low * low)]
    return moments.deviations(population.count, sums, squares)


def _distinct(population: Population) -> Answer:
    definition, differents = population.definition, Differents(population)
    values = differents.inside()
    if definition.tile_ms is None:
        overfull = _is_overfull(population)
        is_saturated = values > definition.distinct_capacity
        return Answer(values, is_saturated if overfull is None else is_saturated | overfull)
    if int(population.count_newer.max(initial=0)) <= definition.distinct_capacity:
        return Answer(values, None)
    windows = population.windows
    newer = values if windows.high is windows.newer else differents.newer()
    return Answer(values, newer > definition.distinct_capacity)
