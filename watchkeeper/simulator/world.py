"""A world: everyone and everything that traffic is about, made from a seed."""

from dataclasses import dataclass

from watchkeeper.errors import Failure
from watchkeeper.simulator.customers import CUSTOMERS_MAX, Customers, customers
from watchkeeper.simulator.names import mark, name
from watchkeeper.simulator.shops import Shops, online_shops, street_shops

ACCOUNTS_MIN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Customers and shops; two worlds of different seeds share no name."""

    prefix: str
    seed: int
    customers: Customers
    streets: Shops
    online: Shops

    @property
    def size(self) -> int:
        """How many customers there are."""
        return len(self.customers.home)

    def account(self, index: int) -> str:
        """The name of an account, at our bank or outside it."""
        return name(f"{self.prefix}-a", index)


def build_world(seed: int, accounts: int) -> World:
    """The same world for the same seed and number of accounts."""
    if not ACCOUNTS_MIN <= accounts <= CUSTOMERS_MAX:
        raise Failure(
            f"A world of {accounts} accounts cannot be made.",
            f"Give --accounts a number from {ACCOUNTS_MIN} to {CUSTOMERS_MAX}.",
        )
    prefix = mark("world", seed, accounts, length=4)
    streets = street_shops(prefix, accounts, seed)
    online = online_shops(prefix, accounts, seed)
    return World(
        prefix=prefix,
        seed=seed,
        customers=customers(prefix, accounts, seed, streets, online),
        streets=streets,
        online=online,
    )
