"""What an expression may name, and of which type it is."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cache

from msgspec import inspect

from data_contracts.transaction import Transaction
from rules.expressions.kinds import INSTANT_HIGH_MS, INSTANT_LOW_MS, WHOLE_MAX, Kind, ValueType
from rules.mistakes import did_you_mean
from rules.model import Aggregate, FeatureDefinition

COUNT_MAX = 2**40


@cache
def fields() -> Mapping[str, ValueType]:
    """The fields of a transaction, read off its contract."""
    contract = inspect.type_info(Transaction)
    assert isinstance(contract, inspect.StructType)
    return {item.encode_name: _field_type(item.type) for item in contract.fields}


def _field_type(found: inspect.Type) -> ValueType:
    if not isinstance(found, inspect.UnionType):
        return _required_type(found)
    inner = next(item for item in found.types if not isinstance(item, inspect.NoneType))
    required = _required_type(inner)
    return ValueType(required.kind, required.low, required.high, required.words, required.length)


def _required_type(found: inspect.Type) -> ValueType:
    match found:
        case inspect.EnumType(cls=words):
            return ValueType(Kind.TEXT, words=tuple(map(str, words)), is_nullable=False)
        case inspect.StrType(min_length=low, max_length=high):
            return ValueType(Kind.TEXT, length=low if low == high else None, is_nullable=False)
        case inspect.IntType(ge=low, le=high):
            assert low is not None
            assert high is not None
            return ValueType(Kind.WHOLE, low, high, is_nullable=False)
        case inspect.FloatType(ge=low, le=high):
            assert low is not None
            assert high is not None
            return ValueType(Kind.NUMBER, low, high, is_nullable=False)
        case inspect.DateTimeType():
            return ValueType(Kind.INSTANT, INSTANT_LOW_MS, INSTANT_HIGH_MS, is_nullable=False)
        case _:
            raise TypeError(f"no kind of expression value for {found}")


def feature_type(definition: FeatureDefinition) -> ValueType:
    """The type of a feature's value; `of` has to be a field."""
    match definition.aggregate:
        case Aggregate.COUNT | Aggregate.DISTINCT:
            return ValueType(Kind.WHOLE, 0, COUNT_MAX)
        case Aggregate.SUM:
            return ValueType(Kind.WHOLE, 0, WHOLE_MAX)
        case Aggregate.AVG | Aggregate.STDDEV:
            return ValueType(Kind.NUMBER, 0.0, float(fields()[definition.of or ""].high))
        case Aggregate.FIRST_SEEN:
            return ValueType(Kind.INSTANT, INSTANT_LOW_MS, INSTANT_HIGH_MS)
        case Aggregate.MIN | Aggregate.MAX | Aggregate.LAST:
            of = fields()[definition.of or ""]
            return ValueType(of.kind, of.low, of.high, of.words, of.length)


@dataclass(frozen=True, slots=True)
class Names:
    """The fields of a transaction, the features of a rule, and the reference lists.

    `elsewhere` says of features that cannot be named here which file defines them; `broken` are
    features whose definition has a mistake that was reported already.
    """

    features: Mapping[str, ValueType] = field(default_factory=dict)
    lists: Collection[str] = ()
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    broken: Collection[str] = ()

    def type_of(self, name: str) -> ValueType | None:
        """The type of a field or feature; a field hides a feature of its name."""
        return fields().get(name) or self.features.get(name)

    def hint(self, name: str) -> str:
        """How to mend a name that is not known."""
        if name in self.elsewhere:
            return f"{self.elsewhere[name]} defines it: move it to features.yaml"
        return did_you_mean(name, [*fields(), *self.features])


def names_of(definitions: Collection[FeatureDefinition], lists: Collection[str] = ()) -> Names:
    """The names that these definitions and lists give."""
    return Names({item.name: feature_type(item) for item in definitions}, lists)
