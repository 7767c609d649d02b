"""Snapshots that are told an epoch late, so that a flow does not wait until they are written.

The engine wants a snapshot at the end of an epoch, and nothing goes on before it has it. What it
gets is the snapshot of the end of the epoch before, which was written meanwhile; so a restart goes
back one epoch further. All of a flow does so together, or its parts would not fit: the source sends
a turn at the beginning of each epoch, and a part that has seen none since its last snapshot tells
once more what it told last. After the last turn nothing comes any more: all tell what is now.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Generic, Protocol, TypeVar

from dataflows.states import State, States

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Turn:
    """An epoch has begun for a state key."""

    cell: int
    key: str
    is_last: bool = False

    def to(self, key: str) -> "Turn":
        """The same for another key."""
        return replace(self, key=key)


@dataclass(slots=True)
class Offsets:
    """A source's part: the offsets to go on from, an epoch late."""

    told: int | None
    before: int | None = field(init=False)
    is_begun: bool = False
    is_last: bool = False

    def __post_init__(self) -> None:
        """Where the flow was resumed, it stood at the end of the epoch before the first."""
        self.before = self.told

    def turns(self, cell: int, key: str, *, is_last: bool = False) -> list[Turn]:
        """What has to be sent before any items: one turn in an epoch, and the last one."""
        if self.is_begun and not is_last:
            return []
        self.is_begun, self.is_last = True, is_last
        return [Turn(cell, key, is_last)]

    def snapshot(self, offset: int) -> int | None:
        """The offset to go on from with what the steps tell at the end of this epoch."""
        if self.is_last:
            return offset
        if self.is_begun:
            self.told, self.before, self.is_begun = self.before, offset, False
        return self.told


class Writing(Protocol):
    """A snapshot on its way."""

    def finished(self) -> State:
        """What the engine is told of it, once it is written."""


@dataclass(frozen=True, slots=True)
class _InHand:
    value: State

    def finished(self) -> State:
        return self.value


@dataclass(frozen=True, slots=True)
class Kept:
    """What is to be kept of a step's state."""

    make: Callable[[], State]
    is_small: bool = False  # Not worth a file.
    when_told: Callable[[], None] | None = None


@dataclass(slots=True)
class Epochs(Generic[Item]):
    """A step's part; before any turn, as where a flow is tried in memory, it tells what is now."""

    step: str
    states: States | None
    told: State
    before: State = None
    turn: Turn | None = None
    is_begun: bool = False
    pending: tuple[Writing, Kept] | None = None

    def restored(self) -> State:
        """The state that was told last, as it was made."""
        return self.told if self.states is None else self.states.load(self.told)

    def taken(self, values: Iterable[Item | Turn]) -> tuple[list[Turn], list[Item]]:
        """Take the turns out of what came, and note them."""
        turns, items = list[Turn](), list[Item]()
        for value in values:
            if isinstance(value, Turn):
                turns.append(value)
            else:
                items.append(value)
        for turn in turns:
            self._note(turn)
        return turns, items

    def _note(self, turn: Turn) -> None:
        if self.turn is None and self.states is not None:
            self.states.clear(self._name(turn), self.told)
        self.turn, self.is_begun = turn, True

    def _name(self, turn: Turn) -> str:
        return f"{self.step}.{turn.key}"

    def snapshot(self, kept: Kept) -> State:
        """What the engine is told at the end of an epoch."""
        if self.turn is None or self.turn.is_last:
            self._tell()
            self.pending = self._begun(kept), kept
            self._tell()
        elif self.is_begun:
            self._tell()
            self.pending, self.is_begun = (self._begun(kept), kept), False
        return self.told

    def _begun(self, kept: Kept) -> Writing:
        if self.states is None or self.turn is None or kept.is_small:
            return _InHand(kept.make())
        return self.states.begin(self._name(self.turn), kept.make)

    def _tell(self) -> None:
        """Go over to what was begun last, and let go of what no restart can want any more."""
        if self.pending is None:
            return
        writing, kept = self.pending
        gone, self.before, self.told, self.pending = (
            self.before,
            self.told,
            writing.finished(),
            None,
        )
        if self.states is not None:
            self.states.remove(gone)
        if kept.when_told is not None:
            kept.when_told()
