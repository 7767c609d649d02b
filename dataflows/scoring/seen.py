"""What the features say of a batch: columns for the rules, rows for judgements, marks to write."""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property

import msgspec
import numpy as np
from numpy.typing import NDArray

from data_contracts.decision import FeatureValue
from dataflows.scoring.writing import ABSENT, SHOWN, Values
from rules.features.answers import Array, Bools, are_known, numbers_of, values_of
from rules.features.memory import Answers, Code, Ints
from rules.features.plan import Plan
from rules.model import Flag

LATE, SATURATED, WARMING = range(ABSENT + 1, ABSENT + 4)
FLAGS = (Flag.LATE, Flag.SATURATED, Flag.WARMING)  # In the order of their marks.
_MARKS = np.full(len(Code), ABSENT, np.uint8)
_MARKS[[Code.LATE, Code.SATURATED]] = LATE, SATURATED

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True)
class Seen:
    """The features of a batch by number; a feature that warms is null."""

    plan: Plan
    marks: NDArray[np.uint8]  # feature, row
    known: Bools
    numbers: Ints
    values: Sequence[Array]

    @classmethod
    def of(cls, plan: Plan, answers: Answers, warming: AbstractSet[str]) -> "Seen":
        """What answers come to, while some features warm."""
        known, numbers = are_known(plan, answers.codes), numbers_of(plan, answers)
        marks = np.where(known, np.uint8(SHOWN), _MARKS[answers.codes])
        if warming:
            cold = [feature.fingerprint in warming for feature in plan.features]
            known[cold], marks[cold] = False, WARMING
        values = [values_of(plan, number, numbers, answers) for number in range(len(plan.features))]
        return cls(plan, marks, known, numbers, values)

    @cached_property
    def by_name(self) -> dict[str, tuple[Array, Bools]]:
        """The columns by the names of the definitions."""
        return {name: (self.values[place], self.known[place]) for name, place in self._places()}

    def _places(self) -> Iterator[tuple[str, int]]:
        names = (definition.name for definition in self.plan.definitions)
        return zip(names, self.plan.places, strict=True)

    def rows(self, rows: Sequence[int]) -> list[tuple[FeatureValue, ...]]:
        """The values of some events in the order of the definitions."""
        columns: list[list[FeatureValue]] = self.numbers[:, rows].tolist()
        for place in self.plan.not_whole:
            columns[place] = self.values[place][rows].tolist()
        for place, at in np.argwhere(~self.known[:, rows]).tolist():
            columns[place][at] = None
        found = zip(*(columns[place] for place in self.plan.places), strict=True)
        return list(found) or [()] * len(rows)

    def flags(self, row: int) -> dict[str, str]:
        """The flags of one event."""
        marks = self.marks[:, row]
        if (marks < LATE).all():
            return {}
        flagged = ((name, marks[place]) for name, place in self._places())
        return {name: str(FLAGS[mark - LATE]) for name, mark in flagged if mark >= LATE}

    def written(self) -> Values:
        """The same for the kernel that writes: what is no whole number comes written."""
        shape = self.marks.shape
        ends, lengths, pieces = np.zeros(shape, np.int64), np.zeros(shape, np.int64), list[bytes]()
        length = 0
        for place in self.plan.not_whole:
            known = self.known[place]
            found = _written(self.values[place][known].tolist())
            lengths[place, known] = list(map(len, found))
            ends[place] = length + np.cumsum(lengths[place])
            length = int(ends[place, -1])
            pieces += found
        text = np.frombuffer(b"".join(pieces), np.uint8)
        return Values(self.marks, self.numbers, ends - lengths, ends, text)


def _written(values: list[float | str]) -> list[bytes]:
    """Each as JSON; numbers in one go, because no comma is in them."""
    if values and isinstance(values[0], float):
        return _encode(values)[1:-1].split(b",")
    return list(map(_encode, values))
