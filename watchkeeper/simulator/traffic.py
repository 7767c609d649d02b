"""A run of traffic: honest acts and attacks in one stream of numbered slots at an even rate."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from watchkeeper.errors import Failure
from watchkeeper.json_columns import FIELDS, INSTANT, INSTANT_TYPE, column_type, rendered
from watchkeeper.simulator.campaigns import CAMPAIGNS
from watchkeeper.simulator.customers import ISSUED_LATER
from watchkeeper.simulator.draws import Integers, stream
from watchkeeper.simulator.honest import SLOT, Crowd
from watchkeeper.simulator.names import NAMES_MAX, mark
from watchkeeper.simulator.refunds import Refunds
from watchkeeper.simulator.scene import Cast, Move, Scene, columns
from watchkeeper.simulator.world import World

CHUNK = 5_000
WAVE_MS = 60_000
RESERVED_PART = 5  # One customer in so many waits for an attack and has no habits meanwhile.
ATTACK_SHARE_MAX = 0.8
DELAY_MEAN_MS, DELAY_MS_MAX = 150.0, 2_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a run is made of; the same plan gives the same bytes."""

    seed: int
    start_ms: int
    per_second: float
    seconds: float
    fraud: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """How many transactions there are in all."""
        return max(1, round(self.per_second * self.seconds))


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What a planted transaction is; kept beside the traffic, never in it."""

    transaction_id: str
    campaign: str
    typology: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Transactions in order: their JSON, their ids, and when each is to be sent (ms of the run)."""

    rows: pl.Series
    ids: pl.Series
    due_ms: Integers


@dataclass(frozen=True, slots=True, kw_only=True)
class _Planted:
    slot: int
    move: Move
    campaign: str
    typology: str


class Traffic:
    """All transactions of a plan, made chunk by chunk as they are needed."""

    def __init__(self, world: World, plan: Plan) -> None:
        """Place the attacks; nothing honest is drawn yet."""
        self.world, self.plan = world, plan
        self.run = mark("run", plan.seed, plan.start_ms, length=8)
        waves = max(1, int(plan.seconds * 1_000 / WAVE_MS)) if plan.fraud else 0
        reserved = stream("cast", world.seed).permutation(world.size)[: world.size // RESERVED_PART]
        order = stream("order", plan.seed, plan.start_ms)
        cast = Cast(order.permutation(reserved), int(order.integers(ISSUED_LATER, NAMES_MAX)))
        self._crowd = Crowd.of(world, reserved)
        self._planted = _placed(_staged(world, plan, waves, cast), plan)

    def transaction_id(self, number: int) -> str:
        """The id of the transaction in a slot."""
        return f"{self.run}-{number:08d}"

    def labels(self) -> list[Label]:
        """Every planted transaction, in order."""
        return [
            Label(
                transaction_id=self.transaction_id(planted.slot),
                campaign=planted.campaign,
                typology=planted.typology,
            )
            for planted in self._planted
            if planted.move.is_attack
        ]

    def chunks(self) -> Iterator[Chunk]:
        """The whole stream, rendered."""
        first = 0
        for frame in self.frames():
            due_ms = self._due_ms(np.arange(first, first + len(frame)))
            yield Chunk(rows=rendered(frame), ids=frame["transaction_id"], due_ms=due_ms)
            first += len(frame)

    def frames(self) -> Iterator[pl.DataFrame]:
        """The whole stream as columns; refunds depend on the chunk before, all else on its own."""
        refunds = Refunds()
        for first in range(0, self.plan.count, CHUNK):
            slots = np.arange(first, min(first + CHUNK, self.plan.count))
            yield self._frame(slots, refunds)

    def _due_ms(self, slots: Integers) -> Integers:
        return (slots * 1_000.0 / self.plan.per_second).astype(np.int64)

    def _frame(self, slots: Integers, refunds: Refunds) -> pl.DataFrame:
        plan = self.plan
        chance = stream("honest", plan.seed, plan.start_ms, int(slots[0]))
        here = [planted for planted in self._planted if slots[0] <= planted.slot <= slots[-1]]
        free = np.setdiff1d(slots, [planted.slot for planted in here])
        parts = [_planted_frame(here)] if here else []
        if len(free):
            start_ms = plan.start_ms + int(self._due_ms(free[:1])[0])
            delay = np.minimum(chance.exponential(DELAY_MEAN_MS, len(free)), DELAY_MS_MAX)
            occurred = plan.start_ms + self._due_ms(free) - delay.astype(np.int64)
            honest = self._crowd.acts(chance, start_ms, free).with_columns(
                pl.Series(INSTANT, occurred)
            )
            parts.append(refunds.among(honest, chance))
        frame = pl.concat(parts, how="diagonal_relaxed").sort(SLOT)
        frame = _with_ids(frame, self.run)
        refunds.remember(frame)
        return frame


def _with_ids(frame: pl.DataFrame, run: str) -> pl.DataFrame:
    number = pl.col(SLOT).cast(pl.String).str.zfill(8)
    return frame.select(
        pl.concat_str(pl.lit(f"{run}-"), number).alias("transaction_id"),
        *(
            pl.col(name).cast(INSTANT_TYPE if name == INSTANT else column_type(name))
            for name in FIELDS
            if name in frame.columns
        ),
    )


def _planted_frame(planted: list[_Planted]) -> pl.DataFrame:
    moves = [item.move for item in planted]
    return columns(moves).with_columns(
        pl.Series(SLOT, [item.slot for item in planted], dtype=pl.Int64),
        pl.Series(INSTANT, [move.occurred_ms for move in moves], dtype=pl.Int64),
    )


def _staged(world: World, plan: Plan, waves: int, cast: Cast) -> Iterator[tuple[Move, str, str]]:
    """Each attack once a wave; together they take the middle of it, beginning one by one."""
    length_ms = round(1_000 * plan.seconds / max(1, waves))
    for wave in range(waves):
        for number, typology in enumerate(plan.fraud):
            late = 0.05 + 0.15 * number / len(plan.fraud)
            scene = Scene(
                world=world,
                chance=stream("campaign", plan.seed, plan.start_ms, wave, typology),
                cast=cast,
                start_ms=plan.start_ms,
                begin_ms=round((wave + late) * length_ms),
                length_ms=round(0.7 * length_ms),
            )
            for move in CAMPAIGNS[typology](scene):
                yield move, f"{typology}-{wave + 1}", typology


def _placed(staged: Iterator[tuple[Move, str, str]], plan: Plan) -> list[_Planted]:
    """Give each move the first free slot at or after its moment, and the last ones earlier."""
    moves = sorted(staged, key=lambda item: item[0].due_ms)
    if len(moves) > ATTACK_SHARE_MAX * plan.count:
        raise Failure(
            f"{plan.count} transactions do not hold the {len(moves)} of the attacks.",
            "Raise --tps or --seconds, or name fewer attacks with --fraud.",
        )
    placed, free = [], 0
    for number, (move, campaign, typology) in enumerate(moves):
        slot = max(free, round(move.due_ms * plan.per_second / 1_000))
        slot = min(slot, plan.count - (len(moves) - number))
        free = slot + 1
        placed.append(_Planted(slot=slot, move=move, campaign=campaign, typology=typology))
    return placed
