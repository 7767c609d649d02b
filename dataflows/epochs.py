"""Snapshots that are told an epoch late, so that a flow does not wait until they are written.

The engine wants a snapshot at the end of an epoch, and nothing goes on before it has it. What it
gets is the snapshot of the end of an earlier epoch, which was written meanwhile; so a restart goes
back one epoch further. All of a flow does so together, or its parts would not fit. It is the source
that sends a turn in an epoch once all is written that was begun; at the end of an epoch without a
turn each part tells once more what it told last. After the last turn nothing comes any more, and
all tell what is now.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Generic, Protocol, TypeVar

from dataflows.states import State

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Turn:
    """At the end of this epoch a state key goes over to what was begun last."""

    cell: int
    key: str
    is_last: bool = False

    def to(self, key: str) -> "Turn":
        """The same for another key."""
        return replace(self, key=key)


@dataclass(slots=True)
class Offsets:
    """A source's part: the offsets to go on from."""

    told: int | None
    are_written: Callable[[], bool]
    begun: int | None = field(init=False)
    is_turned: bool = False
    is_last: bool = False

    def __post_init__(self) -> None:
        """Where the flow was resumed it stood before the first epoch."""
        self.begun = self.told

    def turns(self, cell: int, key: str, *, is_last: bool = False) -> list[Turn]:
        """What has to be sent beside the items: a turn in each epoch, and the last one."""
        if not is_last and (self.is_turned or not self.are_written()):
            return []
        self.is_turned, self.is_last = True, is_last
        return [Turn(cell, key, is_last)]

    def snapshot(self, offset: int) -> int | None:
        """The offset to go on from with what the steps tell at the end of this epoch."""
        if self.is_last:
            return offset
        if self.is_turned:
            self.told, self.begun, self.is_turned = self.begun, offset, False
        return self.told


class Writing(Protocol):
    """A snapshot on its way."""

    def finished(self) -> State:
        """What the engine is told of it, once it is written."""


class Keeping(Protocol):
    """Where snapshots are kept; told of each is only how to find it."""

    def begin(self, name: str, make: Callable[[], State]) -> Writing:
        """Keep what `make` would make now."""

    def load(self, told: State) -> State:
        """What was told of."""

    def remove(self, told: State) -> None:
        """Let go of it."""

    def clear(self, name: str, told: State) -> None:
        """Let go of all of that name but this one."""


@dataclass(frozen=True, slots=True)
class _InHand:
    value: State

    def finished(self) -> State:
        return self.value


@dataclass(frozen=True, slots=True)
class Kept:
    """What is to be kept of a step's state."""

    make: Callable[[], State]
    is_small: bool = False  # Told itself.
    when_told: Callable[[], None] | None = None


@dataclass(slots=True)
class Epochs(Generic[Item]):
    """A step's part; with nowhere to keep snapshots it tells what is now, and needs no turns."""

    step: str
    states: Keeping | None
    told: State
    before: State = None
    turn: Turn | None = None
    is_turned: bool = False
    begun: tuple[Writing, Kept] | None = None

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
        self.turn, self.is_turned = turn, True

    def _name(self, turn: Turn) -> str:
        return f"{self.step}.{turn.key}"

    def snapshot(self, kept: Kept) -> State:
        """What the engine is told at the end of an epoch."""
        if self.is_turned or self.is_at_once:
            self._tell()
            self.begun, self.is_turned = (self._begin(kept), kept), False
        if self.is_at_once:
            self._tell()
        return self.told

    @property
    def is_at_once(self) -> bool:
        """Whether nothing is told late, or nothing comes any more."""
        return self.states is None or (self.turn is not None and self.turn.is_last)

    def _begin(self, kept: Kept) -> Writing:
        if self.states is None or self.turn is None or kept.is_small:
            return _InHand(kept.make())
        return self.states.begin(self._name(self.turn), kept.make)

    def _tell(self) -> None:
        """Go over to what was begun last, and let go of what no restart can want any more."""
        if self.begun is None:
            return
        writing, kept = self.begun
        gone, self.before, self.told, self.begun = self.before, self.told, writing.finished(), None
        if self.states is not None:
            self.states.remove(gone)
        if kept.when_told is not None:
            kept.when_told()
