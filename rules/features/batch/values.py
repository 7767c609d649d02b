"""All features of a history as columns: values with their fixed types, and flags."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rules.expressions.names import feature_type
from rules.expressions.polars_code import dtype_of
from rules.features.batch.aggregates import Population, answer, counted
from rules.features.batch.arrivals import Arrivals, nullable
from rules.features.batch.lives import Lives, Looks, Pair
from rules.features.batch.windows import Windows
from rules.features.naive import FORGET_AFTER_MS
from rules.model import Aggregate, FeatureDefinition, Flag

FLAG_TYPE = pl.Enum([str(flag) for flag in Flag])
Codes = NDArray[np.uint8]

_LATE, _SATURATED = (1 + list(Flag).index(flag) for flag in (Flag.LATE, Flag.SATURATED))
_ZERO_WHERE_EMPTY = {Aggregate.COUNT, Aggregate.DISTINCT}


@dataclass(frozen=True, slots=True)
class FeatureColumns:
    """A feature of each row, and its flag."""

    definition: FeatureDefinition
    values: pl.Series
    flags: pl.Series


def type_of(definition: FeatureDefinition) -> pl.DataType:
    """The type of a feature's column."""
    return dtype_of(feature_type(definition).kind)


def columns(
    definitions: Sequence[FeatureDefinition], frame: pl.DataFrame
) -> Iterator[FeatureColumns]:
    """The features of each row, in any order of the features.

    `frame` has the contract's columns in order of position, without copies of ids.
    """
    arrivals, filled = Arrivals.of(frame), []
    for definition in definitions:
        is_counted = counted(definition, arrivals)
        if arrivals.is_any_late or is_counted is None or is_counted.any():
            filled.append(definition)
        else:
            yield _empty(definition, np.zeros(len(arrivals), np.uint8))
    for of_keys in _groups(filled, "by", "at"):
        pair = Pair.of(arrivals, of_keys[0].by, of_keys[0].at)
        for of_window in _groups(of_keys, "window_ms"):
            lives = Lives.of(pair, of_window[0].window_ms + FORGET_AFTER_MS)
            for of_looks in _groups(of_window, "is_current_included"):
                is_included = of_looks[0].is_current_included
                yield from _of_looks(Looks.of(lives, is_current_included=is_included), of_looks)


def _groups(
    definitions: Sequence[FeatureDefinition], *names: str
) -> Iterator[list[FeatureDefinition]]:
    """The definitions that have these in common."""
    found: dict[str, list[FeatureDefinition]] = {}
    for definition in definitions:
        shared = repr([getattr(definition, name) for name in names])
        found.setdefault(shared, []).append(definition)
    yield from found.values()


def _of_looks(looks: Looks, definitions: Sequence[FeatureDefinition]) -> Iterator[FeatureColumns]:
    rows = looks.lives.rows
    for of_tile in _groups(definitions, "tile_ms"):
        unit, filled = of_tile[0].tile_ms or 1, []
        for definition in of_tile:
            is_counted = counted(definition, looks.lives.pair.arrivals)
            if len(rows) and (is_counted is None or is_counted[rows].any()):
                filled.append(definition)
            else:
                yield _empty(definition, _late(looks))
        if filled:
            windows = Windows.of(looks, unit, filled[0].window_ms // unit)
            yield from (_full(Population.of(definition, windows)) for definition in filled)


def _empty(definition: FeatureDefinition, flags: Codes) -> FeatureColumns:
    """Nothing counts: null or nought everywhere."""
    is_zero = (flags == 0) & (definition.aggregate in _ZERO_WHERE_EMPTY)
    zeros = np.zeros(len(flags), np.int64)
    return _columns(definition, nullable(zeros, is_zero), flags)


def _full(population: Population) -> FeatureColumns:
    """The answers of the looks, at their rows; null or nought in all others."""
    definition, looks, found = population.definition, population.windows.looks, answer(population)
    flags, rows = _late(looks), looks.rows
    if found.is_saturated is not None:
        flags[rows[found.is_saturated]] = _SATURATED
    is_known = flags == 0
    if definition.aggregate not in _ZERO_WHERE_EMPTY:
        is_there = np.zeros(len(flags), np.bool_)
        is_there[rows] = population.count > 0
        is_known &= is_there
    values = np.zeros(len(flags), found.values.dtype)
    values[rows] = found.values
    series = nullable(values, is_known)
    if found.is_row:
        series = looks.lives.pair.arrivals.frame[definition.of or ""].gather(series)
    return _columns(definition, series, flags)


def _late(looks: Looks) -> Codes:
    flags = np.zeros(len(looks.lives.pair.arrivals), np.uint8)
    flags[looks.late] = _LATE
    return flags


def _columns(definition: FeatureDefinition, values: pl.Series, flags: Codes) -> FeatureColumns:
    typed = values.cast(type_of(definition)).alias(definition.name)
    return FeatureColumns(definition, typed, _flags(flags))


def _flags(codes: Codes) -> pl.Series:
    return nullable(codes - np.uint8(1), codes > 0).cat.to(FLAG_TYPE)
