"""The shops of a world: in each city's streets, and online."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from watchkeeper.simulator.draws import Integers, Reals, stream, weighted
from watchkeeper.simulator.names import names
from watchkeeper.simulator.places import CITIES
from watchkeeper.simulator.trades import ONLINE_TRADES, SHOP_TRADES, Trade

CUSTOMERS_PER_SHOP, CUSTOMERS_PER_ONLINE_SHOP = 15, 100
STREET_SHOPS_MIN, ONLINE_SHOPS_MIN = 40 * len(CITIES), 200
TERMINALS_PER_SHOP = 4
FAR_WEIGHT = 0.5  # A far city counts as a small home city: only travellers come.
_ONLINE_COUNTRIES = ("DE", "FR", "NL", "IE", "LU", "ES", "IT", "GB", "US")
_ONLINE_WEIGHTS = (22.0, 15.0, 14.0, 14.0, 10.0, 7.0, 7.0, 6.0, 5.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """What each trade costs, by its index."""

    category: pl.Series
    median: Reals
    spread: Reals
    most: Reals


@dataclass(frozen=True, slots=True, kw_only=True)
class Shops:
    """Shops by index; those of street city `c` are `first[c]` up to `first[c + 1]`."""

    merchant: pl.Series
    trade: Integers
    prices: Prices
    country: pl.Series
    first: Integers
    terminal: pl.Series

    def any_in(self, city: Integers, chance: Reals) -> Integers:
        """A shop of each city, the popular ones more often; `chance` is uniform."""
        first, count = self.first[city], self.first[city + 1] - self.first[city]
        return first + (count * chance**1.3).astype(np.int64)


def street_shops(prefix: str, customers: int, seed: int) -> Shops:
    """Shops with counters and terminals, as many as the customers can feed."""
    chance = stream("street shops", seed, customers)
    count = max(STREET_SHOPS_MIN, customers // CUSTOMERS_PER_SHOP)
    shares = np.array([max(city.weight, FAR_WEIGHT) for city in CITIES])
    per_city = np.maximum(20, (count * shares / shares.sum()).astype(np.int64))
    city = np.repeat(np.arange(len(CITIES)), per_city)
    trade = _trades(chance.random(len(city)), SHOP_TRADES)
    return Shops(
        merchant=names(f"{prefix}-m", np.arange(len(city))),
        trade=trade,
        prices=_prices(SHOP_TRADES),
        country=pl.Series([place.country for place in CITIES]).gather(city),
        first=np.concatenate(([0], np.cumsum(per_city))),
        terminal=names(f"{prefix}-t", np.arange(len(city) * TERMINALS_PER_SHOP)),
    )


def online_shops(prefix: str, customers: int, seed: int) -> Shops:
    """Shops that only the network knows; all of them count as one city."""
    chance = stream("online shops", seed, customers)
    count = max(ONLINE_SHOPS_MIN, customers // CUSTOMERS_PER_ONLINE_SHOP)
    country = weighted(chance, np.cumsum(_ONLINE_WEIGHTS), count)
    return Shops(
        merchant=names(f"{prefix}-m", 2_000_000 + np.arange(count)),
        trade=_trades(chance.random(count), ONLINE_TRADES),
        prices=_prices(ONLINE_TRADES),
        country=pl.Series(_ONLINE_COUNTRIES).gather(country),
        first=np.array([0, count]),
        terminal=pl.Series([], dtype=pl.String),
    )


def _trades(chance: Reals, trades: tuple[Trade, ...]) -> Integers:
    cumulative = np.cumsum([trade.weight for trade in trades])
    found: Integers = np.searchsorted(cumulative, chance * cumulative[-1], side="right")
    return found.astype(np.int64)


def _prices(trades: tuple[Trade, ...]) -> Prices:
    return Prices(
        category=pl.Series([trade.category for trade in trades]),
        median=np.array([float(trade.median_minor) for trade in trades]),
        spread=np.array([trade.spread for trade in trades]),
        most=np.array([float(trade.most_minor) for trade in trades]),
    )
