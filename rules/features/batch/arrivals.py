"""A history as arrays: a row for each transaction, in order of position."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rules.expressions.conditions import condition_of
from rules.expressions.names import Names
from rules.expressions.polars_code import PolarsCode
from rules.model import LATENESS_MS_MAX

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

NOBODY = -1  # The number of a key that is null.
TENANT = "tenant"
CLOCK = "clock"  # No field has that name.
NUMBERS_TO_A_ROW = 8  # With more, keys are numbered anew, so that no product runs over.


@dataclass(frozen=True)
class Arrivals:
    """Transactions as columns, all of the contract; times are epoch milliseconds.

    `clock` is the highest `received_at` so far. `times` are the different times at which something
    occurred, in order, and `ranks` says for each row which of them is its own.
    """

    frame: pl.DataFrame
    occurred: Ints
    clock: Ints
    times: Ints
    ranks: Ints
    masks: dict[str, Bools] = field(default_factory=dict)
    edges: dict[tuple[int, int], Ints] = field(default_factory=dict)
    numbers: dict[str, tuple[Ints, int]] = field(default_factory=dict)

    @classmethod
    def of(cls, frame: pl.DataFrame) -> "Arrivals":
        """Read the times off a frame; of a part of a history, a column says what the clock was."""
        occurred, received = (
            _milliseconds(frame["occurred_at"]),
            _milliseconds(frame["received_at"]),
        )
        times, ranks = np.unique(occurred, return_inverse=True)
        clock = frame[CLOCK].to_numpy() if CLOCK in frame.columns else received
        clock = np.maximum.accumulate(clock) if len(clock) else clock
        return cls(frame, occurred, clock, times, ranks.astype(np.int64))

    def __len__(self) -> int:
        """How many transactions."""
        return len(self.occurred)

    def edge(self, unit: int, after: int) -> Ints:
        """Of each row the rank of the first time in the tick that is so many after its own."""
        if (unit, after) not in self.edges:
            instants = (self.occurred // unit + after) * unit
            self.edges[unit, after] = np.searchsorted(self.times, instants)
        return self.edges[unit, after]

    def mask(self, where: str) -> Bools:
        """Where a condition over fields is true."""
        if where not in self.masks:
            is_true = PolarsCode().condition(condition_of(where, Names())).fill_null(value=False)
            column = self.frame.with_columns(is_true.alias("mask"))["mask"]
            self.masks[where] = column.to_numpy()
        return self.masks[where]

    def codes(self, name: str) -> Ints:
        """A number for each different text or whole number of a field; negative where null."""
        return self._coded([name])[0]

    def keys(self, by: Sequence[str], at: Sequence[str]) -> tuple[Ints, Ints]:
        """Each row's number under `by` and under `at`; equal where the keys are."""
        numbers = self._numbers([by] if tuple(by) == tuple(at) else [by, at])
        return numbers[0], numbers[-1]

    @cached_property
    def is_any_late(self) -> bool:
        """Whether a row could be late for any key at all."""
        if not len(self.occurred):
            return False
        behind = np.maximum.accumulate(self.occurred) - self.occurred
        return int(behind.max()) > LATENESS_MS_MAX

    def _numbers(self, keys: Sequence[Sequence[str]]) -> Sequence[Ints]:
        """Number tuples of fields, the fields at the same place from one set of numbers."""
        found, many = self._coded([TENANT] * len(keys))
        for names in zip(*keys, strict=True):
            codes, size = self._coded(names)
            is_null = (found < 0) | (codes < 0)
            found, many = np.where(is_null, NOBODY, found * size + codes), many * size
            if many > NUMBERS_TO_A_ROW * len(found):
                found, many = _numbered(nullable(found, ~is_null))
        return np.split(found, len(keys))

    def _coded(self, names: Sequence[str]) -> tuple[Ints, int]:
        """Number the different values of some fields together; negative where null."""
        columns = [self.frame[name] for name in names]
        if len(columns) > 1:
            return _numbered(pl.concat(columns))
        if names[0] not in self.numbers:
            self.numbers[names[0]] = _numbered(columns[0])
        return self.numbers[names[0]]


def nullable(values: NDArray[Any], is_known: Bools) -> pl.Series:
    """The values where they are known, null elsewhere."""
    return pl.select(pl.when(pl.Series(is_known)).then(pl.Series(values))).to_series()


def _milliseconds(instants: pl.Series) -> Ints:
    return instants.dt.epoch("ms").to_numpy().astype(np.int64, copy=False)


def _numbered(values: pl.Series) -> tuple[Ints, int]:
    if values.null_count() == len(values):
        return np.full(len(values), NOBODY, np.int64), 1
    found: Any = values.to_arrow().dictionary_encode()
    codes = found.indices.fill_null(NOBODY).to_numpy(zero_copy_only=False).astype(np.int64)
    return codes, max(1, len(found.dictionary))
