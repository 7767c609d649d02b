"""Answers: the kernels' words become values and flags."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from data_contracts.decision import FeatureValue
from rules.features import moments
from rules.features.columns import from_ordered
from rules.features.fields import PLACES, TEXT_BYTES
from rules.features.memory import Answers, Code, Ints, Kind
from rules.features.plan import Feature, Plan
from rules.model import Aggregate, Flag

_FLAGS = {int(Code.LATE): Flag.LATE, int(Code.SATURATED): Flag.SATURATED}
_ZERO_WHERE_EMPTY = {Aggregate.COUNT, Aggregate.DISTINCT}

Column = list[FeatureValue]


def merged(plan: Plan, parts: Sequence[Answers]) -> Answers:
    """One answer for each event, from the shard that has its key."""
    first, *others = parts
    codes, words = first.codes.copy(), first.words.copy()
    for part in others:
        for number in range(len(plan.features)):
            events = part.codes[number] != Code.FOREIGN
            codes[number, events] = part.codes[number, events]
            lines = slice(plan.words[number], plan.words[number + 1])
            words[lines, events] = part.words[lines, events]
    return Answers(codes, words)


def flags_of(answers: Answers) -> dict[int, dict[int, Flag]]:
    """The flags by the number of a feature, then by the place of an event; most have none."""
    found: dict[int, dict[int, Flag]] = {}
    for number, event in np.argwhere(answers.codes >= Code.LATE).tolist():
        found.setdefault(number, {})[event] = _FLAGS[int(answers.codes[number, event])]
    return found


def columns_of(plan: Plan, answers: Answers) -> list[Column]:
    """The values of each feature; null where the answer is late, saturated, or of nothing."""
    return [_column(plan, number, answers) for number in range(len(plan.features))]


def _column(plan: Plan, number: int, answers: Answers) -> Column:
    feature, codes = plan.features[number], answers.codes[number]
    values = _values(feature, answers.words[plan.words[number] : plan.words[number + 1]])
    is_null = codes != Code.VALUE
    if feature.definition.aggregate in _ZERO_WHERE_EMPTY:
        is_null = codes > Code.EMPTY  # The words of nothing are zero.
    for event in np.flatnonzero(is_null).tolist():
        values[event] = None
    return values


def _values(feature: Feature, words: Ints) -> Column:
    aggregate, of = feature.definition.aggregate, feature.definition.of
    if feature.kind is Kind.SUMS:
        return _of_sums(feature, words)
    if aggregate in {Aggregate.MIN, Aggregate.FIRST_SEEN}:
        words = -words
    if aggregate is Aggregate.LAST:
        words = words[2:]
    found: Any = words[0]
    if of in PLACES:
        found = from_ordered(found)
    elif of in TEXT_BYTES and aggregate is Aggregate.LAST:
        found = np.ascontiguousarray(words.T).view(f"S{TEXT_BYTES[of]}")[:, 0].astype(str)
    values: Column = found.tolist()
    return values


def _of_sums(feature: Feature, words: Ints) -> Column:
    """`words` has the number of entries, the number of events if there are tiles, the sums."""
    count, sums = words[int(feature.is_tiled)], words[1 + int(feature.is_tiled) :]
    match feature.definition.aggregate:
        case Aggregate.COUNT:
            found: Column = count.tolist()
        case Aggregate.SUM:
            found = sums[0].tolist()
        case Aggregate.AVG:
            rows = zip(count.tolist(), sums[0].tolist(), strict=True)
            found = [moments.mean(n, x) for n, x in rows]
        case _:
            squares = zip(count.tolist(), sums.T.tolist(), strict=True)
            found = [moments.deviation(n, x, (hh, hl, ll)) for n, (x, hh, hl, ll) in squares]
    return found
