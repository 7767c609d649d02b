"""Money: an integer of minor units with its currency."""

from functools import cache

import iso4217
import msgspec

from data_contracts.violation import ContractViolation

AMOUNT_MINOR_MAX = 10**12


@cache
def currencies() -> dict[str, int]:
    """Active ISO 4217 codes and how many digits their minor unit has."""
    return {item.code: item.exponent for item in iso4217.Currency if item.exponent is not None}


class Money(msgspec.Struct, frozen=True):
    """An amount in minor units of one currency; never a float."""

    minor: int
    currency: str

    def __add__(self, other: "Money") -> "Money":
        """Add, or refuse to mix currencies."""
        if other.currency != self.currency:
            raise ContractViolation(
                "currency-mixed", "/currency", f"{self.currency} and {other.currency} do not add up"
            )
        return Money(self.minor + other.minor, self.currency)

    def __str__(self) -> str:
        """Write it as people do: `12.50 EUR`, `1250 JPY`."""
        digits = currencies().get(self.currency, 2)
        if digits == 0:
            return f"{self.minor} {self.currency}"
        whole, part = divmod(abs(self.minor), 10**digits)
        sign = "-" if self.minor < 0 else ""
        return f"{sign}{whole}.{part:0{digits}d} {self.currency}"
