"""Mistakes of an authored file: all of them at once, each with its place and its mend."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import StrEnum


class Level(StrEnum):
    """Whether a mistake stops the work."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Place:
    """A character in a file, counted from 1, with the line that it stands in."""

    path: str
    line: int
    column: int
    source: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """What is wrong, where, and how to mend it."""

    path: str
    line: int
    column: int
    key: str
    message: str
    hint: str = ""
    source: str = ""
    level: Level = Level.ERROR

    def __str__(self) -> str:
        """One line, as compilers write it: `file:line:column [key]: message; hint`."""
        warning = "warning: " if self.level is Level.WARNING else ""
        hint = f"; {self.hint}" if self.hint else ""
        return f"{self.path}:{self.line}:{self.column} [{self.key}]: {warning}{self.message}{hint}"

    def shown(self) -> str:
        """The same with the source line below it and a caret under the place."""
        if not self.source.strip():
            return str(self)
        before = self.source[: self.column - 1]
        gap = "".join(character if character == "\t" else " " for character in before)
        return f"{self}\n    {self.source}\n    {gap}^"


@dataclass(slots=True)
class Mistakes:
    """A notebook that readers and checkers write into."""

    found: list[Mistake] = field(default_factory=list)

    def add(self, place: Place, key: str, message: str, hint: str = "") -> None:
        """Note an error."""
        self._note(place, key, message, hint, Level.ERROR)

    def warn(self, place: Place, key: str, message: str, hint: str = "") -> None:
        """Note what is allowed, but probably not meant."""
        self._note(place, key, message, hint, Level.WARNING)

    def _note(self, place: Place, key: str, message: str, hint: str, level: Level) -> None:
        self.found.append(
            Mistake(place.path, place.line, place.column, key, message, hint, place.source, level)
        )

    def count(self) -> int:
        """How many errors there are; warnings do not count."""
        return sum(mistake.level is Level.ERROR for mistake in self.found)

    def in_order(self) -> list[Mistake]:
        """Each once, by file, line and column."""
        return sorted(set(self.found))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Name the nearest known word, or say what there is to choose from."""
    choices = sorted(known)
    nearest = get_close_matches(word, choices, n=1, cutoff=0.6)
    if nearest:
        return f'did you mean "{nearest[0]}"?'
    return use_one_of(choices)


def use_one_of(choices: Sequence[str]) -> str:
    """Name the choices where they fit on a line."""
    listed = ", ".join(choices)
    return f"use one of: {listed}" if choices and len(listed) <= CHOICES_LENGTH_MAX else ""


CHOICES_LENGTH_MAX = 160
