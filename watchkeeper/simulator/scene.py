"""What an attack is staged with: people taken out of the crowd, strangers, and their acts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import cycle

import numpy as np
import polars as pl

from watchkeeper.simulator import activities
from watchkeeper.simulator.customers import ISSUED_LATER, addresses
from watchkeeper.simulator.draws import Generator, Integers
from watchkeeper.simulator.names import NAMES_MAX, name
from watchkeeper.simulator.places import CITIES, City
from watchkeeper.simulator.world import World

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS

HABITS = (
    activities.shop_payment,
    activities.shop_payment,
    activities.shop_payment,
    activities.online_payment,
    activities.payment_to_friend,
    activities.bill,
    activities.cash_withdrawal,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One transaction of a campaign: when it is sent, when it says it happened, and what it is.

    A move that is no attack belongs to the past that the attack needs, and bears no label.
    """

    due_ms: int
    occurred_ms: int
    fields: dict[str, object]
    is_attack: bool = True


@dataclass(slots=True)
class Cast:
    """Customers kept out of the crowd, handed out one by one; and names not seen before."""

    indices: Integers
    issued: int
    _next: Iterator[int] = field(init=False)

    def __post_init__(self) -> None:
        """Begin with the first of them; a cast too small plays twice."""
        self._next = cycle(self.indices.tolist())

    def person(self) -> int:
        """The next customer's index."""
        return next(self._next)

    def number(self) -> int:
        """An index that no honest name has."""
        self.issued = self.issued + 1 if self.issued + 1 < NAMES_MAX else ISSUED_LATER
        return self.issued


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """The stage of one campaign: it begins at `begin_ms` of the run and has `length_ms`."""

    world: World
    chance: Generator
    cast: Cast
    start_ms: int
    begin_ms: int
    length_ms: int

    def person(self) -> int:
        """A customer for this campaign alone."""
        return self.cast.person()

    def people(self, count: int) -> list[int]:
        """Several customers for this campaign alone."""
        return [self.cast.person() for _ in range(count)]

    def stranger(self, kind: str) -> str:
        """A name that looks like all others: `a` account, `c` card, `d` device, `m` merchant."""
        return name(f"{self.world.prefix}-{kind}", self.cast.number())

    def address(self) -> str:
        """An address from which nobody came before."""
        return str(addresses(np.array([self.cast.number()]))[0])

    def account(self, person: int) -> str:
        """The account of a customer."""
        return str(self.world.customers.account[person])

    def home(self, person: int) -> City:
        """Where the customer lives."""
        return CITIES[int(self.world.customers.home[person])]

    def between(self, least: int, most: int) -> int:
        """An amount, or any whole number, of the range."""
        return int(self.chance.integers(least, most + 1))

    def act(
        self, share: float, activity: activities.Activity, person: int, **changes: object
    ) -> Move:
        """Do as the customer would, but for the changes, when `share` of the time has passed."""
        due = self.begin_ms + round(share * self.length_ms)
        return Move(
            due_ms=due,
            occurred_ms=self.start_ms + due,
            fields=self._fields(activity, person) | changes,
        )

    def earlier(
        self, ago_ms: int, activity: activities.Activity, person: int, **changes: object
    ) -> Move:
        """The same, reported only now: it happened `ago_ms` before the campaign began."""
        return Move(
            due_ms=self.begin_ms,
            occurred_ms=self.start_ms + self.begin_ms - ago_ms,
            fields=self._fields(activity, person) | changes,
        )

    def past(
        self,
        person: int,
        count: int,
        days: tuple[float, float],
        habits: Sequence[activities.Activity] = HABITS,
    ) -> list[Move]:
        """What an honest customer did between two numbers of days ago, oldest first."""
        moments = np.sort(self.chance.uniform(min(days), max(days), count))[::-1]
        kinds = self.chance.integers(0, len(habits), count)
        return [
            Move(
                due_ms=self.begin_ms,
                occurred_ms=self.start_ms + self.begin_ms - int(ago * DAY_MS),
                fields=self._fields(habits[kind], person),
                is_attack=False,
            )
            for ago, kind in zip(moments, kinds, strict=True)
        ]

    def _fields(self, activity: activities.Activity, person: int) -> dict[str, object]:
        frame = activity(self.world, self.chance, np.array([person]))
        return dict(frame.row(0, named=True))


def unlabelled(moves: Sequence[Move]) -> list[Move]:
    """The same moves, as part of the honest past."""
    return [replace(move, is_attack=False) for move in moves]


def spread(count: int, begin: float = 0.05, end: float = 0.95) -> Sequence[float]:
    """Moments at equal distances within the time of a scene."""
    return [begin + (end - begin) * number / max(1, count - 1) for number in range(count)]


def columns(moves: Sequence[Move]) -> pl.DataFrame:
    """The fields of moves as columns, absent ones null."""
    return pl.DataFrame([move.fields for move in moves], infer_schema_length=None)
