"""One feature over all its windows: what counts is cut out, then each aggregate is a few passes."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from rules.features import moments
from rules.features.batch import ranges
from rules.features.batch.arrivals import Arrivals, Bools, Ints
from rules.features.batch.ranges import Numbers
from rules.features.batch.windows import Windows
from rules.features.fields import WHOLE
from rules.model import Aggregate, FeatureDefinition

NOWHERE = -1  # The row of a value where there is none.


@dataclass(frozen=True)
class Partly:
    """Looks that have places beside their range, there only where they arrived before the look."""

    looks: Ints
    low: Ints
    high: Ints
    limits: Ints
    arrival: Ints  # Of each place.

    def parts(self) -> Iterator[tuple[Ints, ranges.Part]]:
        """The places that are there, in parts; with the looks of each."""
        if len(self.looks):
            for part in ranges.below(self.arrival, self.low, self.high, self.limits):
                yield self.looks[part.asked], part

    def singles(self) -> Iterator[tuple[Ints, Ints]]:
        """The same one by one: looks and places."""
        for owners, places in ranges.spread(self.low, self.high):
            is_there = self.arrival[places] < self.limits[owners]
            yield self.looks[owners[is_there]], places[is_there]

    def count(self, found: Ints) -> Ints:
        """Add how many there are."""
        for looks, part in self.parts():
            found[looks] += part.last - part.first
        return found


@dataclass(frozen=True)
class Population:
    """Windows over those places alone that count for a feature; `rows` are their rows."""

    definition: FeatureDefinition
    windows: Windows
    rows: Ints
    before: Ints | None  # How many places that count stand before a place; None where all do.

    @classmethod
    def of(cls, definition: FeatureDefinition, windows: Windows) -> "Population":
        """Cut out what counts: `where` is true and the field is known."""
        rows = windows.lives.rows
        is_counted = counted(definition, windows.lives.pair.arrivals)
        if is_counted is None or bool((counts := is_counted[rows]).all()):
            return cls(definition, windows, rows, None)
        return cls(definition, windows, rows[counts], ranges.running(counts.astype(np.int64)))

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
    def inside(self) -> Partly:
        """What is in the windows beside the ranges."""
        return self._partly(np.minimum(self.windows.reach, self.windows.end))

    @cached_property
    def all_newer(self) -> Partly:
        """What is newer than the windows' edges, after them too."""
        return self._partly(self.windows.reach)

    def _partly(self, end: Ints) -> Partly:
        lives, newer = self.windows.lives, self.windows.newer
        if lives.is_in_order:
            looks = np.zeros(0, np.int64)
            return Partly(looks, looks, looks, looks, looks)
        looks = np.flatnonzero(end > newer)
        arrived = self.windows.looks.arrived[looks]
        is_counted = slice(None) if self.before is None else np.diff(self.before) == 1
        low, high = self._cut(newer[looks]), self._cut(end[looks])
        return Partly(looks, low, high, arrived, lives.arrival[is_counted])

    @cached_property
    def count(self) -> Ints:
        """How many are in each window."""
        return self.inside.count(self.high - self.low)

    @cached_property
    def count_newer(self) -> Ints:
        """How many are newer than each window's edge."""
        return self.all_newer.count(self.newer - self.low)

    def total(self, values: Ints) -> Ints:
        """The sums of some values, by place."""
        found = ranges.totals(values, self.low, self.high)
        for looks, part in self.inside.parts():
            found[looks] += ranges.totals(values[part.order], part.first, part.last)
        return found

    def extreme(self, pick: np.ufunc, values: Numbers) -> Numbers:
        """The lowest or highest of some values, by place; anything where there is none."""
        found, is_known = ranges.extremes(pick, values, self.low, self.high), self.high > self.low
        for looks, part in self.inside.parts():
            some = ranges.extremes(pick, values[part.order], part.first, part.last)
            found[looks] = np.where(is_known[looks], pick(found[looks], some), some)
            is_known[looks] = True
        return found

    def first(self) -> Ints:
        """The first place, or anything."""
        found = np.where(self.high > self.low, self.low, len(self.rows))
        for looks, part in self.inside.parts():
            found[looks] = np.minimum(found[looks], part.order[part.first])
        return found

    def last(self) -> Ints:
        """The last place, or anything."""
        found = self.high - 1
        for looks, part in self.inside.parts():
            found[looks] = np.maximum(found[looks], part.order[part.last - 1])
        return found


def counted(definition: FeatureDefinition, arrivals: Arrivals) -> Bools | None:
    """Of which rows `where` is true and the field is known; None where all count."""
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

    def _count(self, high: Ints, beside: Partly) -> Ints:
        low = self.population.low
        found = ranges.differents(self.groups, self.starts, low, high)
        for looks, places in beside.singles():
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
