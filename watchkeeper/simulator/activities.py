"""What customers do, one function for each: whole columns at once, absent fields left out."""

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl

from watchkeeper.simulator.customers import landlords, outside
from watchkeeper.simulator.draws import Generator, Integers, Reals, Truths, lognormal_minor
from watchkeeper.simulator.names import names
from watchkeeper.simulator.places import CITIES
from watchkeeper.simulator.shops import TERMINALS_PER_SHOP, Prices
from watchkeeper.simulator.world import World

Columns = dict[str, Any]
Activity = Callable[[World, Generator, Integers], pl.DataFrame]

CURRENCY = "EUR"
USUAL_SHARE, TAP_SHARE = 0.93, 0.75
TAP_MINOR_MAX, WITHOUT_SECOND_FACTOR_MINOR_MAX = 5_000, 3_000
_COUNTRIES = pl.Series([city.country for city in CITIES])


def shop_payment(world: World, chance: Generator, who: Integers) -> pl.DataFrame:
    """A card at a counter, mostly in one of the usual shops."""
    size, people, streets = len(who), world.customers, world.streets
    usual = people.shops[who, _low_first(chance, people.shops.shape[1], size)]
    other = streets.any_in(people.place[who], chance.random(size))
    shop = np.where(chance.random(size) < USUAL_SHARE, usual, other)
    amount = _prices(chance, streets.prices, streets.trade[shop], people.spending[who])
    is_tap = (chance.random(size) < TAP_SHARE) & (amount <= TAP_MINOR_MAX)
    country = streets.country.gather(shop)
    terminal = shop * TERMINALS_PER_SHOP + chance.integers(0, TERMINALS_PER_SHOP, size)
    return _frame(
        _card(world, who)
        | {
            "amount_minor": amount,
            "channel": "card",
            "entry_mode": _either(is_tap, "contactless", "chip"),
            "authentication": _either(is_tap, "none", "pin"),
            "merchant_id": streets.merchant.gather(shop),
            "merchant_category": streets.prices.category.gather(streets.trade[shop]),
            "merchant_country": country,
            "terminal_id": streets.terminal.gather(terminal),
            "country": country,
        }
        | _near(world, who, chance)
    )


def online_payment(world: World, chance: Generator, who: Integers) -> pl.DataFrame:
    """A card in a shop on the network, from the customer's own device."""
    size, people, online = len(who), world.customers, world.online
    usual = people.online[who, _low_first(chance, people.online.shape[1], size)]
    other = online.any_in(np.zeros(size, dtype=np.int64), chance.random(size))
    shop = np.where(chance.random(size) < USUAL_SHARE, usual, other)
    amount = _prices(chance, online.prices, online.trade[shop], people.spending[who])
    return _frame(
        _card(world, who)
        | {
            "amount_minor": amount,
            "channel": "online",
            "entry_mode": "ecommerce",
            "authentication": _either(amount > WITHOUT_SECOND_FACTOR_MINOR_MAX, "three_ds", "none"),
            "merchant_id": online.merchant.gather(shop),
            "merchant_category": online.prices.category.gather(online.trade[shop]),
            "merchant_country": online.country.gather(shop),
        }
        | _from_own_device(world, who)
    )


def cash_withdrawal(world: World, chance: Generator, who: Integers) -> pl.DataFrame:
    """Notes from a machine near by, in round amounts."""
    notes = np.array([2_000, 5_000, 5_000, 10_000, 10_000, 20_000, 30_000])
    place = world.customers.place[who]
    return _frame(
        _card(world, who)
        | {
            "type": "cash_out",
            "amount_minor": notes[chance.integers(0, len(notes), len(who))],
            "channel": "atm",
            "entry_mode": "chip",
            "authentication": "pin",
            "merchant_category": "6011",
            "merchant_country": _COUNTRIES.gather(place),
            "terminal_id": _machine(world, place, chance),
            "country": _COUNTRIES.gather(place),
        }
        | _near(world, who, chance)
    )


def cash_deposit(world: World, chance: Generator, who: Integers) -> pl.DataFrame:
    """Notes over the counter of a branch."""
    size = len(who)
    hundreds = lognormal_minor(
        chance, np.full(size, 22_000.0), np.full(size, 0.6), np.full(size, 250_000.0)
    )
    home = world.customers.home[who]
    return _frame(
        _account(world, who, "cash_in", "credit")
        | {
            "amount_minor": hundreds // 1_000 * 1_000 + 1_000,
            "channel": "branch",
            "authentication": "signature",
            "country": _COUNTRIES.gather(home),
            "branch_id": pl.select(
                pl.concat_str(pl.lit(f"{world.prefix}-b-"), pl.Series(100 + home).cast(pl.String))
            ).to_series(),
        }
    )


def payment_to_friend(world: World, chance: Generator, who: Integers) -> pl.DataFrame:
    """A small transfer by telephone to one of the people whom the customer always pays."""
    size, payees = len(who), world.customers.payees
    amount = lognormal_minor(
        chance, np.full(size, 3_500.0), np.full(size, 0.8), np.full(size, 60_000.0)
    )
    to = payees[who, chance.integers(0, payees.shape[1], size)]
    return _frame(
        _account(world, who, "transfer", "debit")
        | _to(world, to, who)
        | {"amount_minor": amount, "channel": "mobile", "authentication": "biometric"}
        | _from_own_device(world, who)
    )


def bill(world: World, chance: Generator, who: Integers) -> pl.DataFrame:
    """A transfer in the browser to a company that sends the same bill every month."""
    size, billers = len(who), world.customers.billers
    which = chance.integers(0, billers.shape[1], size)
    amount = lognormal_minor(
        chance,
        4_500.0 * (1 + which).astype(np.float64),
        np.full(size, 0.3),
        np.full(size, 45_000.0),
    )
    return _frame(
        _account(world, who, "transfer", "debit")
        | _to(world, billers[who, which], who)
        | {"amount_minor": amount, "channel": "online", "authentication": "otp"}
        | {"description": "Invoice"}
        | _from_own_device(world, who)
    )


def rent(world: World, _chance: Generator, who: Integers) -> pl.DataFrame:
    """A standing order: the bank's own systems send it, no device is near."""
    return _frame(
        _account(world, who, "transfer", "debit")
        | _to(world, landlords(who), who)
        | {"amount_minor": world.customers.rent_minor[who], "channel": "api", "description": "Rent"}
    )


def salary(world: World, chance: Generator, who: Integers) -> pl.DataFrame:
    """Once a month, nearly the same amount, from the same employer."""
    overtime = chance.uniform(0.98, 1.05, len(who))
    return _frame(
        _account(world, who, "transfer", "credit")
        | _to(world, world.customers.employer[who], who)
        | {
            "amount_minor": (world.customers.salary_minor[who] * overtime).astype(np.int64),
            "channel": "api",
            "description": "Salary",
        }
    )


def payment_from_friend(world: World, chance: Generator, who: Integers) -> pl.DataFrame:
    """A small transfer from someone with another bank."""
    size = len(who)
    amount = lognormal_minor(
        chance, np.full(size, 3_500.0), np.full(size, 0.8), np.full(size, 60_000.0)
    )
    return _frame(
        _account(world, who, "transfer", "credit")
        | _to(world, outside(who, chance), who)
        | {"amount_minor": amount, "channel": "api"}
    )


def large_purchase(world: World, chance: Generator, who: Integers) -> pl.DataFrame:
    """Once in years: a used car or a kitchen, paid by transfer to someone new."""
    size = len(who)
    amount = lognormal_minor(
        chance, np.full(size, 900_000.0), np.full(size, 0.5), np.full(size, 4_000_000.0)
    )
    return _frame(
        _account(world, who, "transfer", "debit")
        | _to(world, outside(who, chance), who)
        | {"amount_minor": amount, "channel": "online", "authentication": "otp"}
        | {"description": "Invoice"}
        | _from_own_device(world, who)
    )


def fee(world: World, chance: Generator, who: Integers) -> pl.DataFrame:
    """What the bank takes for the account."""
    prices = np.array([190, 290, 490, 690, 990])
    return _frame(
        _account(world, who, "fee", "debit")
        | {"amount_minor": prices[chance.integers(0, len(prices), len(who))], "channel": "api"}
    )


def _account(world: World, who: Integers, kind: str, direction: str) -> Columns:
    return {
        "account_id": world.customers.account.gather(who),
        "type": kind,
        "direction": direction,
        "currency": CURRENCY,
    }


def _card(world: World, who: Integers) -> Columns:
    card = {"card_token": world.customers.card.gather(who)}
    return _account(world, who, "card_payment", "debit") | card


def _to(world: World, counterparty: Integers, who: Integers) -> Columns:
    return {
        "counterparty_id": names(f"{world.prefix}-a", counterparty),
        "counterparty_country": _COUNTRIES.gather(world.customers.home[who]),
    }


def _near(world: World, who: Integers, chance: Generator) -> Columns:
    people = world.customers
    return {
        "latitude": _moved(people.latitude[who], chance),
        "longitude": _moved(people.longitude[who], chance),
    }


def _moved(coordinate: Reals, chance: Generator) -> Reals:
    return np.round(coordinate + chance.normal(0, 0.01, len(coordinate)), 4)


def _from_own_device(world: World, who: Integers) -> Columns:
    people = world.customers
    return {
        "device_id": people.device.gather(who),
        "ip": people.ip.gather(who),
        "country": _COUNTRIES.gather(people.place[who]),
    }


def _machine(world: World, place: Integers, chance: Generator) -> pl.Series:
    per_city = max(10, world.size // 2_000)
    machine = 5_000_000 + place * per_city + chance.integers(0, per_city, len(place))
    return names(f"{world.prefix}-t", machine)


def _prices(chance: Generator, prices: Prices, trade: Integers, spending: Reals) -> Integers:
    return lognormal_minor(
        chance, prices.median[trade] * spending, prices.spread[trade], prices.most[trade]
    )


def _low_first(chance: Generator, count: int, size: int) -> Integers:
    return (count * chance.random(size) ** 1.7).astype(np.int64)


def _either(is_so: Truths, yes: str, no: str) -> pl.Series:
    return pl.select(pl.when(pl.Series(is_so)).then(pl.lit(yes)).otherwise(pl.lit(no))).to_series()


def _frame(columns: Columns) -> pl.DataFrame:
    return pl.DataFrame(
        {name: value for name, value in columns.items() if not isinstance(value, str)}
    ).with_columns(
        pl.lit(value).alias(name) for name, value in columns.items() if isinstance(value, str)
    )
