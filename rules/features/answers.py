"""Answers: the kernels' words become values and flags."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from data_contracts.decision import FeatureValue
from rules.features import moments
from rules.features.columns import from_ordered
from rules.features.fields import PLACES, TEXT_BYTES
from rules.features.memory import Answers, Code, Ints, Kind, Marks
from rules.features.plan import Feature
from rules.model import Aggregate, Flag

_FLAGS = {int(Code.LATE): Flag.LATE, int(Code.SATURATED): Flag.SATURATED}
_ZERO_WHERE_EMPTY = {Aggregate.COUNT, Aggregate.DISTINCT}


def merged(parts: Sequence[Answers]) -> Answers:
    """One answer for each event, from the shard that has its key."""
    first, *others = parts
    codes, words = first.codes.copy(), first.words.copy()
    for part in others:
        rows = part.codes != Code.FOREIGN
        codes[rows], words[rows] = part.codes[rows], part.words[rows]
    return Answers(codes, words)


def flags_of(codes: Marks) -> dict[int, Flag]:
    """The flag of each event that has one, by its place in the batch."""
    return {int(at): _FLAGS[int(codes[at])] for at in np.flatnonzero(codes >= Code.LATE)}


def values_of(feature: Feature, answers: Answers) -> list[FeatureValue]:
    """One value for each event; null where the answer is late, saturated, or of nothing."""
    is_there = answers.codes == Code.VALUE
    values = _values(feature, answers.words)
    if feature.definition.aggregate in _ZERO_WHERE_EMPTY:
        is_there |= answers.codes == Code.EMPTY  # The words of nothing are zero.
    if is_there.all():
        return values
    return [
        value if there else None for value, there in zip(values, is_there.tolist(), strict=True)
    ]


def _values(feature: Feature, words: Ints) -> list[FeatureValue]:
    aggregate, of = feature.definition.aggregate, feature.definition.of
    if feature.kind is Kind.SUMS:
        return _of_sums(feature, words)
    if aggregate in {Aggregate.MIN, Aggregate.FIRST_SEEN}:
        words = -words
    if aggregate is Aggregate.LAST:
        words = words[:, 2:]
    found: Any = words[:, 0]
    if of in PLACES:
        found = from_ordered(found)
    elif of in TEXT_BYTES and aggregate is Aggregate.LAST:
        found = np.ascontiguousarray(words).view(f"S{TEXT_BYTES[of]}")[:, 0].astype(str)
    values: list[FeatureValue] = found.tolist()
    return values


def _of_sums(feature: Feature, words: Ints) -> list[FeatureValue]:
    """`words` has the number of entries, the number of events if there are tiles, the sums."""
    count = words[:, int(feature.shape.is_tiled)]
    sums = words[:, 1 + int(feature.shape.is_tiled) :]
    match feature.definition.aggregate:
        case Aggregate.COUNT:
            found: list[FeatureValue] = count.tolist()
        case Aggregate.SUM:
            found = sums[:, 0].tolist()
        case Aggregate.AVG:
            rows = zip(count.tolist(), sums[:, 0].tolist(), strict=True)
            found = [moments.mean(n, x) for n, x in rows]
        case _:
            squares = zip(count.tolist(), sums.tolist(), strict=True)
            found = [moments.deviation(n, x, (hh, hl, ll)) for n, (x, hh, hl, ll) in squares]
    return found
