"""Answers: the kernels' words become values and flags."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data_contracts.decision import FeatureValue
from rules.features import moments
from rules.features.columns import from_ordered
from rules.features.fields import PLACES, TEXT_BYTES
from rules.features.memory import Answers, Code, Ints, Kind
from rules.features.plan import Feature, Plan
from rules.model import Aggregate, Flag

_FLAGS = {int(Code.LATE): Flag.LATE, int(Code.SATURATED): Flag.SATURATED}
_ZERO_WHERE_EMPTY = {Aggregate.COUNT, Aggregate.DISTINCT}

Array = NDArray[Any]
Bools = NDArray[np.bool_]
Column = tuple[Array, Bools]


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


def columns_of(plan: Plan, answers: Answers) -> list[list[FeatureValue]]:
    """The values of each feature; null where the answer is late, saturated, or of nothing."""
    numbers, known = numbers_of(plan, answers), are_known(plan, answers.codes)
    return [
        _as_list(values_of(plan, number, numbers, answers), known[number])
        for number in range(len(plan.features))
    ]


def _as_list(values: Array, known: Bools) -> list[FeatureValue]:
    found: list[FeatureValue] = values.tolist()
    for event in np.flatnonzero(~known).tolist():
        found[event] = None
    return found


def are_known(plan: Plan, codes: NDArray[np.uint8]) -> Bools:
    """Where each feature is no null; the words of nothing are zero, and so is a count of it."""
    of_nothing = [item.definition.aggregate in _ZERO_WHERE_EMPTY for item in plan.features]
    highest = np.where(of_nothing, np.uint8(Code.EMPTY), np.uint8(Code.VALUE))
    known: Bools = codes <= highest[:, np.newaxis]
    return known


def numbers_of(plan: Plan, answers: Answers) -> Ints:
    """The value of each feature as a whole number, right for those that are whole."""
    found: Ints = answers.words[plan.value_lines]
    for number, feature in enumerate(plan.features):
        if feature.is_negated:
            np.negative(found[number], out=found[number])
    return found


def values_of(plan: Plan, number: int, numbers: Ints, answers: Answers) -> Array:
    """The values of one feature, right where it is known; texts are objects."""
    feature = plan.features[number]
    words = answers.words[plan.words[number] : plan.words[number + 1]]
    if feature.is_whole:
        found: Array = numbers[number]
    elif feature.kind is Kind.SUMS:
        found = _of_sums(feature, words)
    elif feature.definition.of in PLACES:
        found = from_ordered(numbers[number])
    else:
        found = _texts(words[feature.value_word :], TEXT_BYTES[feature.definition.of or ""])
    return found


def _texts(words: Ints, size: int) -> Array:
    texts = np.ascontiguousarray(words.T).view(f"S{size}")[:, 0]
    return np.array([text.decode() for text in texts.tolist()], np.object_)


def _of_sums(feature: Feature, words: Ints) -> Array:
    """A mean, or a deviation with the sum of squares in three parts behind the sum."""
    count, sums = words[int(feature.is_tiled)], words[feature.value_word :]
    if feature.definition.aggregate is Aggregate.AVG:
        return moments.means(count, sums[0])
    return moments.deviations(count, sums[0], list(sums[1:]))
