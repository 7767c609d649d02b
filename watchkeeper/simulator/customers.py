"""The bank's customers: where they live, what they earn and spend, whom they usually pay."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from watchkeeper.simulator.draws import Generator, Integers, Reals, stream, weighted
from watchkeeper.simulator.names import names, scattered
from watchkeeper.simulator.places import CITIES, HOME_CITIES
from watchkeeper.simulator.shops import Shops

USUAL_SHOPS, USUAL_ONLINE_SHOPS, PAYEES, BILLERS = 10, 5, 4, 3
CUSTOMERS_PER_EMPLOYER, CUSTOMERS_PER_BILLER = 40, 15
AWAY_SHARE = 0.02
OWN_BANK_SHARE = 0.6
# Accounts outside the bank begin here in the numbering that all accounts share.
OUTSIDE, EMPLOYERS, LANDLORDS, ISSUED_LATER = 1_000_000, 3_500_000, 4_000_000, 8_000_000
CUSTOMERS_MAX = OUTSIDE


@dataclass(frozen=True, slots=True, kw_only=True)
class Customers:
    """Habits by the customer's index; payees and shops are rows of indices."""

    account: pl.Series
    card: pl.Series
    device: pl.Series
    ip: pl.Series
    home: Integers
    place: Integers  # The city where they are now; for most it is home.
    latitude: Reals
    longitude: Reals
    rhythm: Integers
    activity: Reals
    spending: Reals
    online_share: Reals
    salary_minor: Integers
    rent_minor: Integers
    employer: Integers
    shops: Integers
    online: Integers
    payees: Integers
    billers: Integers


def customers(prefix: str, count: int, seed: int, streets: Shops, online: Shops) -> Customers:
    """As many customers as asked for, the same ones for the same seed."""
    chance = stream("customers", seed, count)
    everyone = np.arange(count)
    home = weighted(chance, np.cumsum([city.weight for city in HOME_CITIES]), count)
    place = _places(chance, home)
    salary = np.exp(np.log(240_000) + 0.38 * chance.standard_normal(count))
    return Customers(
        account=names(f"{prefix}-a", everyone),
        card=names(f"{prefix}-c", everyone),
        device=names(f"{prefix}-d", everyone),
        ip=addresses(everyone),
        home=home,
        place=place,
        latitude=_about(chance, np.array([city.latitude for city in CITIES])[place]),
        longitude=_about(chance, np.array([city.longitude for city in CITIES])[place]),
        rhythm=chance.integers(0, 4, count),
        activity=chance.gamma(2.5, 0.4, count) + 0.05,
        spending=np.exp(0.3 * chance.standard_normal(count)),
        online_share=chance.beta(2.0, 6.0, count),
        salary_minor=np.clip(salary, 60_000, 780_000).astype(np.int64),
        rent_minor=np.clip(salary * chance.uniform(0.2, 0.4, count), 25_000, 260_000).astype(
            np.int64
        ),
        employer=EMPLOYERS + chance.integers(0, count // CUSTOMERS_PER_EMPLOYER + 5, count),
        shops=streets.any_in(
            np.repeat(place, USUAL_SHOPS), chance.random(count * USUAL_SHOPS)
        ).reshape(count, USUAL_SHOPS),
        online=online.any_in(
            np.zeros(count * USUAL_ONLINE_SHOPS, dtype=np.int64),
            chance.random(count * USUAL_ONLINE_SHOPS),
        ).reshape(count, USUAL_ONLINE_SHOPS),
        payees=_payees(chance, count),
        billers=LANDLORDS
        + count
        + chance.integers(0, count // CUSTOMERS_PER_BILLER + 20, (count, BILLERS)),
    )


def landlords(who: Integers) -> Integers:
    """The account that each customer's rent goes to."""
    return LANDLORDS + who


def outside(who: Integers, chance: Generator) -> Integers:
    """One of the two people at other banks who send money to each customer."""
    return OUTSIDE + who * 2 + chance.integers(0, 2, len(who))


def addresses(numbers: Integers) -> pl.Series:
    """A private IPv4 address of its own for each number below `NAMES_MAX`."""
    scrambled = pl.Series(scattered(numbers) + 0x10101)
    parts = [(scrambled // divisor % 256).cast(pl.String) for divisor in (65_536, 256, 1)]
    return pl.select(pl.concat_str(pl.lit("10"), *parts, separator=".")).to_series()


def _places(chance: Generator, home: Integers) -> Integers:
    is_away = chance.random(len(home)) < AWAY_SHARE
    elsewhere = weighted(chance, np.cumsum([city.weight for city in CITIES]), len(home))
    return np.where(is_away, elsewhere, home)


def _about(chance: Generator, centre: Reals) -> Reals:
    return np.round(centre + chance.normal(0, 0.03, len(centre)), 4)


def _payees(chance: Generator, count: int) -> Integers:
    of_our_own = chance.integers(0, count, (count, PAYEES))
    outside = OUTSIDE + chance.integers(0, 2 * count, (count, PAYEES))
    return np.where(chance.random((count, PAYEES)) < OWN_BANK_SHARE, of_our_own, outside)
