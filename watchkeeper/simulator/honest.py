"""Honest traffic: who does what at this hour, drawn for a whole chunk of slots at once."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from watchkeeper.simulator import activities, rhythm
from watchkeeper.simulator.draws import Generator, Integers, Reals, weighted
from watchkeeper.simulator.places import CITIES
from watchkeeper.simulator.world import World

SLOT = "slot"


@dataclass(frozen=True, slots=True)
class Share:
    """How often an activity is chosen, at noon and in the dead of night."""

    activity: activities.Activity
    day: float
    night: float


SHARES = (
    Share(activities.shop_payment, 52.0, 9.0),
    Share(activities.online_payment, 15.0, 22.0),
    Share(activities.cash_withdrawal, 4.5, 3.0),
    Share(activities.cash_deposit, 0.6, 0.0),
    Share(activities.payment_to_friend, 7.0, 3.0),
    Share(activities.bill, 5.0, 1.0),
    Share(activities.rent, 0.8, 3.0),
    Share(activities.salary, 2.5, 9.0),
    Share(activities.payment_from_friend, 4.0, 4.0),
    Share(activities.fee, 1.0, 6.0),
    Share(activities.large_purchase, 0.06, 0.0),
)
_SHOP, _ONLINE = 0, 1
_OFFSETS = np.array([city.utc_offset for city in CITIES])


@dataclass(frozen=True, slots=True)
class Crowd:
    """Everyone who acts by habit; those in the attacks' cast have weight 0 and stay out."""

    world: World
    weights: Reals

    @classmethod
    def of(cls, world: World, without: Integers) -> "Crowd":
        """The whole world but the cast."""
        weights = world.customers.activity.copy()
        weights[without] = 0.0
        return cls(world, weights)

    def acts(self, chance: Generator, at_ms: int, slots: Integers) -> pl.DataFrame:
        """What fills the slots, in their order; the instant says which hour it is."""
        who = weighted(chance, np.cumsum(self._awake(at_ms)), len(slots))
        what = self._chosen(chance, at_ms, who)
        parts = [
            share.activity(self.world, chance, who[what == number]).with_columns(
                pl.Series(SLOT, slots[what == number])
            )
            for number, share in enumerate(SHARES)
            if (what == number).any()
        ]
        return pl.concat(parts, how="diagonal").sort(SLOT)

    def _awake(self, at_ms: int) -> Reals:
        people = self.world.customers
        hours = rhythm.local_hours(at_ms, _OFFSETS[people.place])
        return self.weights * rhythm.awake(people.rhythm, hours)

    def _chosen(self, chance: Generator, at_ms: int, who: Integers) -> Integers:
        light = rhythm.daylight(at_ms)
        shares = np.array([share.day * light + share.night * (1 - light) for share in SHARES])
        what = weighted(chance, np.cumsum(shares), len(who))
        # Those who like to buy online swap a part of their shopping for it, and the reverse.
        likes = self.world.customers.online_share[who]
        swapped = chance.random(len(who))
        what[(what == _SHOP) & (swapped < likes - 0.25)] = _ONLINE
        what[(what == _ONLINE) & (swapped < 0.25 - likes)] = _SHOP
        return what
