"""All features of a history as columns: values with their fixed types, and flags."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from rules.expressions.names import feature_type
from rules.expressions.polars_code import dtype_of
from rules.features.batch.aggregates import Answer, Population, answer
from rules.features.batch.arrivals import Arrivals
from rules.features.batch.lives import Lives, Looks, Pair
from rules.features.batch.windows import Windows
from rules.features.naive import FORGET_AFTER_MS
from rules.model import Aggregate, FeatureDefinition, Flag

FLAG_TYPE = pl.Enum([str(flag) for flag in Flag])
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
    arrivals = Arrivals.of(frame)
    for of_keys in _groups(definitions, "by", "at"):
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
    for of_tile in _groups(definitions, "tile_ms"):
        unit = of_tile[0].tile_ms or 1
        windows = Windows.of(looks, unit, of_tile[0].window_ms // unit)
        for definition in of_tile:
            population = Population.of(definition, windows)
            yield _scattered(population, answer(population))


def _scattered(population: Population, found: Answer) -> FeatureColumns:
    """The answers of the looks, at their rows; null or nought in all others."""
    windows, definition = population.windows, population.definition
    arrivals, rows = windows.lives.pair.arrivals, windows.looks.rows
    flags = np.zeros(len(arrivals), np.uint8)
    flags[windows.looks.late] = _LATE
    if found.is_saturated is not None:
        flags[rows[found.is_saturated]] = _SATURATED
    is_null = flags > 0
    if definition.aggregate not in _ZERO_WHERE_EMPTY:
        is_known = np.zeros(len(arrivals), np.bool_)
        is_known[rows] = population.count > 0
        is_null |= ~is_known
    values = np.zeros(len(arrivals), found.values.dtype)
    values[rows] = found.values
    series = pl.Series(pa.array(values, mask=is_null))
    if found.is_row:
        series = arrivals.frame[definition.of or ""].gather(series)
    name = definition.name
    return FeatureColumns(definition, series.cast(type_of(definition)).alias(name), _flags(flags))


def _flags(codes: NDArray[np.uint8]) -> pl.Series:
    return pl.Series(pa.array(codes - 1, mask=codes == 0)).cat.to(FLAG_TYPE)
