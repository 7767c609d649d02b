"""A cell's decisions made again: what its books and its archive say, put together."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from analytics.replay import archive, features
from analytics.replay.archive import Choice, Place
from analytics.replay.comparison import replayed
from analytics.replay.course import Course, InForce, Ints, definitions_at, taken_up
from analytics.replay.features import Known
from analytics.replay.stored import Unreadable, decisions_of
from analytics.replay.verifying import Tally, verify
from casework.in_force import Published, published_until
from data_contracts.decision import Decision
from rules.model import FeatureDefinition, RuleSet
from runtime.postgres import Connection

Share = Callable[[float], None]


class NotReplayable(ValueError):
    """A decision that cannot be made again; the message says why."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What is kept of a cell."""

    folder: Path
    number: int
    first: int
    published: Sequence[Published]

    @classmethod
    def read(cls, connection: Connection, folder: Path, number: int, until: int) -> "Cell":
        """Read the books up to a position."""
        published = published_until(connection, number, until)
        return cls(folder, number, archive.firsts(folder)[number], published)

    def course(self) -> Course:
        """The rules from the beginning of the log."""
        return Course(self.published, self.first)

    def computed(self, definitions: Iterable[FeatureDefinition], positions: Ints) -> Known:
        """Features computed again from the history."""
        wanted = list(definitions)
        until, names = int(positions[-1]), features.fields_of(wanted)
        history = archive.history(self.folder, self.number, until, names)
        return features.computed(wanted, history, positions)


@dataclass(frozen=True, slots=True)
class Replay:
    """A decision as it is stored, as it is made again, and how many features were computed."""

    stored: Decision
    found: Decision
    computed: int


def replay(
    connection: Connection, folder: Path, place: Place, *, at: RuleSet | None, is_deep: bool
) -> Replay:
    """Make one decision again, under the rules of its time or `at` others.

    Features are those that are frozen in it; computed are all if `is_deep`, and those that other
    rules look at and it does not have.
    """
    cell = Cell.read(connection, folder, place.cell, place.position)
    positions = np.array([place.position])
    stored = decisions_of(next(archive.decided(folder, place.cell, positions)))[0]
    if isinstance(stored, Unreadable):
        raise NotReplayable(f"its row in the archive is no decision: {stored.reason}")
    rules = cell.course().at(place.position)
    if at is None and not is_deep:
        return Replay(stored, replayed(stored, rules), 0)
    then = rules if at is None else _without_warming(taken_up(at, rules))
    known = Known.nothing(positions) if is_deep else Known.frozen(stored, rules)
    missing = [item for item in then.definitions if then.hashes[item.name] not in known.values]
    if missing:
        known = known.with_those_of(cell.computed(missing, positions))
    seen = known.seen(place.position, then)
    return Replay(stored, replayed(stored, then, seen), len(missing))


def _without_warming(rules: InForce) -> InForce:
    """As if the features of a rule set that never was in the log had always been there."""
    return replace(rules, warming=frozenset())


def verify_archive(
    connection: Connection, folder: Path, choice: Choice, *, is_deep: bool, tell: Share
) -> Tally:
    """Make all chosen decisions again; `tell` is given the share that is done."""
    chosen, tally = archive.chosen(folder, choice), Tally()
    many = sum(len(positions) for positions in chosen.values())
    for number, positions in chosen.items():
        cell = Cell.read(connection, folder, number, int(positions[-1]))
        computed = None
        if is_deep:
            definitions = definitions_at(cell.published, positions.tolist())
            computed = cell.computed(definitions, positions)
        verify(
            archive.decided(folder, number, positions),
            cell.course(),
            tally,
            lambda _: tell(tally.verified / many),
            computed,
        )
    return tally
