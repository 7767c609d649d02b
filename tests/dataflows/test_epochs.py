"""Epochs: what is told at the end of one fits together, whatever came and whenever it stopped."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from dataflows.epochs import Epochs, Kept, Offsets
from dataflows.states import State, States

KEY, STEPS = "cell-0", (1, 3)  # A step gets what can be divided by its number.
NOTHING = {"sum": 0}


@dataclass(frozen=True)
class Number:
    """A snapshot in memory."""

    number: int

    def finished(self) -> State:
        return {"number": self.number}


@dataclass(frozen=True)
class Memory:
    """Keeps snapshots, and tells the number of each."""

    kept: dict[int, State] = field(default_factory=dict)

    def begin(self, name: str, make: Callable[[], State]) -> Number:
        assert name == f"sum.{KEY}"
        number = 1 + max(self.kept, default=0)
        self.kept[number] = make()
        return Number(number)

    def load(self, told: State) -> State:
        return None if told is None else self.kept[told["number"]]

    def remove(self, told: State) -> None:
        if told is not None:
            del self.kept[told["number"]]

    def clear(self, name: str, told: State) -> None:
        """Another step may have such names here."""


@dataclass
class Flow:
    """The numbers from one on, steps that add them up, and a store like the engine's."""

    stored: dict[int, State] = field(default_factory=dict)
    stored_offset: int | None = None
    are_written: bool = True
    memory: dict[int, Memory] = field(default_factory=lambda: {step: Memory() for step in STEPS})

    def __post_init__(self) -> None:
        self.resume()

    def resume(self) -> None:
        """Begin with what is stored, as after a crash."""
        self.offset = self.stored_offset or 0
        self.offsets = Offsets(self.stored_offset, lambda: self.are_written)
        self.epochs = {
            step: Epochs[int]("sum", self.memory[step], self.stored.get(step)) for step in STEPS
        }
        self.sums = {step: (self.epochs[step].restored() or NOTHING)["sum"] for step in STEPS}
        self.touched: set[int] = set()

    def read(self, *, is_last: bool = False) -> None:
        """The next number goes to those whom it concerns, and a turn to all."""
        turns = self.offsets.turns(0, KEY, is_last=is_last)
        self.offset += 1
        for step in STEPS:
            numbers = [] if self.offset % step else [self.offset]
            if turns or numbers:
                _, found = self.epochs[step].taken([*turns, *numbers])
                self.sums[step] += sum(found)
                self.touched.add(step)

    def notify(self) -> None:
        """The engine calls all steps though nothing has come."""
        self.touched |= set(STEPS)

    def end_epoch(self, *, is_crash: bool = False) -> None:
        """The engine asks the source and the steps that it called, and stores all or nothing."""
        offset, stored = self.offsets.snapshot(self.offset), dict[int, State]()
        for step in self.touched:
            made = partial(dict[str, int], sum=self.sums[step])
            stored[step] = self.epochs[step].snapshot(Kept(made))
        if is_crash:
            self.resume()
            return
        self.stored_offset, self.touched = offset, set()
        self.stored |= stored

    def fits(self) -> bool:
        """Whether the steps that are stored had read up to the offset that is."""
        end = 1 + (self.stored_offset or 0)
        return all(
            (self.memory[step].load(self.stored.get(step)) or NOTHING)["sum"]
            == sum(range(step, end, step))
            for step in STEPS
        )


ACTIONS = st.sampled_from(
    ["read", "read", "read", "notify", "end", "written", "behind", "crash", "cut"]
)


@given(st.lists(ACTIONS, max_size=60))
def test_what_is_stored_fits_together_at_any_moment(actions: list[str]) -> None:
    flow = Flow()
    for action in actions:
        match action:
            case "read":
                flow.read()
            case "notify":
                flow.notify()
            case "end":
                flow.end_epoch()
            case "crash":
                flow.resume()
            case "cut":
                flow.end_epoch(is_crash=True)
            case _:
                flow.are_written = action == "written"
        assert flow.fits()
        assert (flow.stored_offset or 0) <= flow.offset


def test_an_epoch_tells_what_the_epoch_before_ended_with() -> None:
    flow, told, ends = Flow(), list[int | None](), list[int]()
    for _ in range(4):
        flow.read()
        flow.read()
        flow.end_epoch()
        told.append(flow.stored_offset)
        ends.append(flow.offset)

    assert told == [None, *ends[:-1]]


def test_while_something_is_unwritten_it_tells_what_it_told() -> None:
    flow = Flow()
    for flow.are_written in (True, True, True, False, False):
        flow.read()
        flow.end_epoch()

    assert flow.stored_offset == 2
    assert flow.fits()


def test_at_the_last_turn_it_tells_what_is_now() -> None:
    flow = Flow(are_written=False)
    flow.read()
    flow.read(is_last=True)
    flow.end_epoch()
    flow.notify()
    flow.end_epoch()

    assert flow.stored_offset == 2
    assert flow.fits()


def test_with_nowhere_to_keep_snapshots_it_tells_what_is_now() -> None:
    epochs = Epochs[int]("sum", None, {"sum": 1})

    assert epochs.restored() == {"sum": 1}
    assert epochs.snapshot(Kept(partial(dict[str, int], sum=2))) == {"sum": 2}


def test_what_hangs_on_a_snapshot_is_called_once_it_is_told() -> None:
    epochs, offsets = Epochs[int]("sum", Memory(), None), Offsets(None, lambda: True)
    called = list[int]()
    for number in range(3):
        epochs.taken(offsets.turns(0, KEY))
        offsets.snapshot(number)
        epochs.snapshot(Kept(dict, when_told=partial(called.append, number)))

    assert called == [0, 1]


def test_files_go_when_no_restart_can_want_them(tmp_path: Path) -> None:
    states, stored = States.at(tmp_path), list[State]()
    (tmp_path / "sum.cell-0.left").touch()
    (tmp_path / "sum.cell-1.other").touch()
    epochs, offsets = Epochs[int]("sum", states, None), Offsets(None, lambda: True)
    for number in range(5):
        epochs.taken(offsets.turns(0, KEY))
        offsets.snapshot(number)
        stored.append(epochs.snapshot(Kept(partial(dict[str, int], number=number))))

    assert stored[0] is None
    assert [states.load(told) for told in stored[-2:]] == [{"number": 2}, {"number": 3}]
    left = {path.name for path in tmp_path.iterdir()}
    assert len(left) == 4  # Two that a restart may want, one that is written, and the other's.
    assert "sum.cell-1.other" in left
    assert "sum.cell-0.left" not in left


def test_what_is_small_is_told_itself(tmp_path: Path) -> None:
    epochs = Epochs[int]("sum", States.at(tmp_path), None)
    offsets, told = Offsets(None, lambda: True), list[State]()
    for number in range(2):
        epochs.taken(offsets.turns(0, KEY))
        offsets.snapshot(number)
        told.append(epochs.snapshot(Kept(partial(dict[str, int], sum=number), is_small=True)))

    assert told == [None, {"sum": 0}]
    assert list(tmp_path.iterdir()) == []
