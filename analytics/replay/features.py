"""Features computed again from the archive, in order of position, for some decisions of a cell.

The batch engine computes them, which shares no kernel with the stream. Of the history only what is
remembered under the keys of these decisions is given to it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import numpy as np
import polars as pl

from analytics.replay.comparison import Seen
from analytics.replay.course import InForce, Ints
from data_contracts.decision import Decision, FeatureValue
from rules.expressions import tree
from rules.expressions.conditions import condition_of
from rules.expressions.names import Names
from rules.features.batch.values import columns
from rules.model import FeatureDefinition, Flag
from rules.transaction_frame import POSITION, completed

TENANT, CLOCK = "tenant", "clock"


@dataclass(frozen=True, slots=True)
class Known:
    """Values and flags by the hash of a feature, a row for each position that was asked for."""

    rows: Mapping[int, int]
    values: Mapping[str, Sequence[FeatureValue]]
    flags: Mapping[str, Sequence[str | None]]

    @classmethod
    def nothing(cls, positions: Ints) -> "Known":
        """No feature is known at these positions."""
        return cls({position: row for row, position in enumerate(positions.tolist())}, {}, {})

    @classmethod
    def frozen(cls, stored: Decision, rules: InForce) -> "Known":
        """What is frozen in a decision of these rules, but for features that warmed."""
        names = [name for name in rules.hashes if stored.flags.get(name) != Flag.WARMING]
        return cls(
            {stored.position: 0},
            {rules.hashes[name]: [stored.features.get(name)] for name in names},
            {rules.hashes[name]: [stored.flags.get(name)] for name in names},
        )

    def with_those_of(self, other: "Known") -> "Known":
        """Other features at the same positions beside these."""
        values, flags = {**self.values, **other.values}, {**self.flags, **other.flags}
        return Known(self.rows, values, flags)

    def seen(self, position: int, rules: InForce) -> Seen:
        """The features of a decision as rules see them; what warms is null."""
        row, features, flags = self.rows[position], dict[str, FeatureValue](), dict[str, str]()
        for name, found in rules.hashes.items():
            value, flag = self.values[found][row], self.flags[found][row]
            if name in rules.warming:
                flags[name] = str(Flag.WARMING)
            elif flag is not None:
                flags[name] = flag
            elif value is not None:
                features[name] = value
        return Seen(features, flags)


def fields_of(definitions: Iterable[FeatureDefinition]) -> list[str]:
    """The fields of a transaction that the features look at, and what is always needed."""
    found = {TENANT, "occurred_at", "received_at"}
    for definition in definitions:
        found |= {*definition.by, *definition.at}
        found |= set() if definition.of is None else {definition.of}
        if definition.where is not None:
            found |= tree.fields_of(condition_of(definition.where, Names()))
    return sorted(found)


def computed(
    definitions: Iterable[FeatureDefinition], history: pl.DataFrame, positions: Ints
) -> Known:
    """The features at these positions, ascending.

    `history` is all that a cell decided up to the last of them, in order of position: `position`
    and the fields that are looked at.
    """
    different = {definition.fingerprint(): definition for definition in definitions}
    clock = history["received_at"].dt.epoch("ms").cum_max().alias(CLOCK)
    whole = completed(history).select(POSITION, *fields_of(different.values()), clock)
    wanted = whole[POSITION].is_in(positions.tolist())
    values: dict[str, Any] = {}
    flags: dict[str, Any] = {}
    for (by, at), of_keys in _by_keys(different).items():
        part = _remembered(whole, wanted, by, at)
        is_wanted = part[POSITION].is_in(positions.tolist())
        found = {column.definition.name: column for column in columns(of_keys, part)}
        for definition in of_keys:
            column = found[definition.name]
            values[definition.name] = column.values.filter(is_wanted).to_list()
            flags[definition.name] = column.flags.filter(is_wanted).to_list()
    return replace(Known.nothing(positions), values=values, flags=flags)


Key = tuple[str, ...]


def _by_keys(
    different: Mapping[str, FeatureDefinition],
) -> dict[tuple[Key, Key], list[FeatureDefinition]]:
    """The definitions under the same keys, each named by its hash."""
    found: dict[tuple[Key, Key], list[FeatureDefinition]] = {}
    for fingerprint, definition in different.items():
        named = msgspec.structs.replace(definition, name=fingerprint)
        found.setdefault((definition.by, definition.at), []).append(named)
    return found


def _remembered(whole: pl.DataFrame, wanted: pl.Series, by: Key, at: Key) -> pl.DataFrame:
    """What was asked for, and all that is remembered under the keys at which it looks."""
    looked_at = whole.filter(wanted).select(TENANT, *dict.fromkeys(at)).unique()
    numbered = whole.select(TENANT, *dict.fromkeys(by)).with_row_index("row")
    found = numbered.join(looked_at, left_on=[TENANT, *by], right_on=[TENANT, *at], how="semi")
    rows = np.union1d(found["row"].to_numpy(), np.flatnonzero(wanted.to_numpy()))
    return whole[rows]
