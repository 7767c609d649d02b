"""Reasons: a sentence with the names of fields and features in braces, filled in for a hit."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from data_contracts.decision import FeatureValue
from data_contracts.money import Money
from data_contracts.transaction import Transaction
from rules.expressions.kinds import Kind
from rules.expressions.names import fields
from rules.instants import from_epoch_ms
from rules.model import Aggregate, FeatureDefinition

PLACE = re.compile(r"\{([^{}]*)\}")
MONEY = {Aggregate.SUM, Aggregate.AVG, Aggregate.MIN, Aggregate.MAX, Aggregate.LAST}

Show = Callable[[Transaction, Mapping[str, FeatureValue]], str]


def names_in(reason: str) -> tuple[str, ...]:
    """The names that stand in braces."""
    return tuple(PLACE.findall(reason))


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason ready to be filled in; amounts are shown in the transaction's currency."""

    template: str
    features: Mapping[str, FeatureDefinition]

    def fill(
        self,
        transaction: Transaction,
        values: Mapping[str, FeatureValue],
        flags: Mapping[str, str],
    ) -> str:
        """The sentence for one transaction."""

        def shown(match: re.Match[str]) -> str:
            name = match[1]
            if name in fields():
                return _field(transaction, name)
            value = values[name]
            if value is None:
                return f"unknown ({flags[name]})" if name in flags else "unknown"
            return _feature(self.features[name], value, transaction.currency)

        return PLACE.sub(shown, self.template)


def _field(transaction: Transaction, name: str) -> str:
    value = getattr(transaction, name)
    if value is None:
        return "unknown"
    if name == "amount_minor":
        return str(Money(transaction.amount_minor, transaction.currency))
    if fields()[name].kind is Kind.INSTANT:
        return f"{value:%Y-%m-%d %H:%M} UTC"
    return str(value)


def _feature(definition: FeatureDefinition, value: FeatureValue, currency: str) -> str:
    if definition.aggregate is Aggregate.FIRST_SEEN and isinstance(value, int):
        return f"{from_epoch_ms(value):%Y-%m-%d %H:%M} UTC"
    if definition.of == "amount_minor" and definition.aggregate in MONEY:
        assert isinstance(value, int | float)
        return str(Money(round(value), currency))
    return f"{value:.2f}" if isinstance(value, float) else str(value)
