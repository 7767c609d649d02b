"""What is remembered under each key, life by life: a key that was forgotten begins another life."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from rules.features.batch.arrivals import NOBODY, Arrivals, Bools, Ints
from rules.model import LATENESS_MS_MAX


@dataclass(frozen=True)
class Pair:
    """The keys under which rows are remembered and look; `order` sorts the former by key."""

    arrivals: Arrivals
    by: Ints
    at: Ints
    order: Ints

    @classmethod
    def of(cls, arrivals: Arrivals, by: tuple[str, ...], at: tuple[str, ...]) -> "Pair":
        """Number the keys and sort the rows by them, in each key by position."""
        remembered, looking = arrivals.keys(by, at)
        known = np.flatnonzero(remembered != NOBODY)
        order = known[np.argsort(remembered[known], kind="stable")]
        return cls(arrivals, remembered, looking, order)

    @property
    def is_own(self) -> bool:
        """Whether a row looks where it is remembered."""
        return self.by is self.at

    @cached_property
    def in_order(self) -> Ints:
        """The keys of `order`, each with the row: sorted."""
        return self.by[self.order] * len(self.arrivals) + self.order


@dataclass(frozen=True)
class Lives:
    """All that was ever remembered, life by life, in each in order of (occurred_at, position).

    A place is an index into it. `order`, `life` and `highest` are of all rows that had a key, in
    order of (key, position), the late ones too; `kept` says how many of those up to each were not
    late. The rest is of those that were not late alone: their rows, and `marks`, which sort by life
    and time, by place; and each one's place by arrival.
    """

    pair: Pair
    forget_after: int
    life: Ints
    begins: Bools
    highest: Ints
    kept: Ints
    rows: Ints
    marks: Ints
    places: Ints
    is_in_order: bool

    @classmethod
    def of(cls, pair: Pair, forget_after: int) -> "Lives":
        """Tell lives apart, leave out what was late, and sort the rest by time."""
        arrivals, order = pair.arrivals, pair.order
        begins = _begins(pair, forget_after)
        life = np.cumsum(begins, dtype=np.int64) - 1
        base = life * len(arrivals.times)
        marks = base + arrivals.ranks[order]
        highest = arrivals.times[np.maximum.accumulate(marks) - base] if len(order) else marks
        is_kept = arrivals.occurred[order] >= highest - LATENESS_MS_MAX
        rows, marks = order[is_kept], marks[is_kept]
        is_in_order = bool(np.all(marks[1:] >= marks[:-1]))
        places = np.arange(len(rows), dtype=np.int64)
        if not is_in_order:
            by_time = np.argsort(marks, kind="stable")
            rows, marks = rows[by_time], marks[by_time]
            places[by_time] = np.arange(len(rows), dtype=np.int64)
        kept = np.cumsum(is_kept, dtype=np.int64)
        return cls(
            pair, forget_after, life, begins, highest, kept, rows, marks, places, is_in_order
        )

    @cached_property
    def lowest_after(self) -> Ints:
        """The lowest place that any arrival takes from the n-th on; all below it are there."""
        found = np.minimum.accumulate(self.places[::-1])[::-1]
        return np.append(found, len(self.places))

    @cached_property
    def highest_before(self) -> Ints:
        """One past the highest place that the first n arrivals take."""
        return np.append(0, np.maximum.accumulate(self.places) + 1)

    @cached_property
    def arrival(self) -> Ints:
        """Which arrival has a place."""
        found = np.empty_like(self.places)
        found[self.places] = np.arange(len(self.places))
        return found


def _begins(pair: Pair, forget_after: int) -> Bools:
    keys, clock = pair.by[pair.order], pair.arrivals.clock[pair.order]
    found = np.ones(len(keys), np.bool_)
    found[1:] = (keys[1:] != keys[:-1]) | (clock[1:] - clock[:-1] > forget_after)
    return found


@dataclass(frozen=True)
class Looks:
    """Who looks into which life: rows that find something alive and are not late for it.

    `arrived` is how many arrivals, of all lives before and of this one, stood before the look.
    """

    lives: Lives
    rows: Ints
    life: Ints
    arrived: Ints
    late: Ints  # Rows that are late.

    @classmethod
    def of(cls, lives: Lives, *, is_current_included: bool) -> "Looks":
        """Find for each row what was the last to be remembered under its key, if that lives."""
        pair = lives.pair
        if not pair.is_own:
            rows, last = _elsewhere(lives, is_current_included=is_current_included)
        elif is_current_included:
            rows, last = pair.order, np.arange(len(pair.order))
        else:
            last = np.flatnonzero(~lives.begins) - 1
            rows = pair.order[last + 1]
        is_late = pair.arrivals.occurred[rows] < lives.highest[last] - LATENESS_MS_MAX
        late = rows[is_late]
        if len(late):
            rows, last = rows[~is_late], last[~is_late]
        return cls(lives, rows, lives.life[last], lives.kept[last], late)


def _elsewhere(lives: Lives, *, is_current_included: bool) -> tuple[Ints, Ints]:
    pair = lives.pair
    rows = np.flatnonzero(pair.at != NOBODY)
    sought = pair.at[rows] * len(pair.arrivals) + rows
    last = np.searchsorted(pair.in_order, sought, "right" if is_current_included else "left") - 1
    rows, last = rows[last >= 0], last[last >= 0]
    before = pair.order[last]
    silence = pair.arrivals.clock[rows] - pair.arrivals.clock[before]
    is_alive = (pair.by[before] == pair.at[rows]) & (silence <= lives.forget_after)
    return rows[is_alive], last[is_alive]
