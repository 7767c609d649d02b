"""The tree that a condition is parsed into; every engine compiles this and nothing else.

Null is unknown. A value is null where any of its operands is, but for `FirstKnown` (null where all
are) and `Quotient` (null too where the divisor is nearer to zero than `DIVISOR_MIN`). A comparison
with a null is neither true nor false; `All`, `Any` and `Not` follow Kleene's logic.

Whole kinds are 64-bit integers and never overflow: the checker turns what could into `ToNumber`.
Numbers are 64-bit floats, always finite; both sides of a comparison have the same representation.
"""

from dataclasses import dataclass
from enum import StrEnum

from rules.expressions.kinds import Kind

DIVISOR_MIN = 1e-12


class Operator(StrEnum):
    """Arithmetic of two whole values, or of two numbers."""

    ADD = "+"
    SUBTRACT = "-"
    MULTIPLY = "*"


class Comparison(StrEnum):
    """How two values of one kind are compared."""

    EQUAL = "="
    UNEQUAL = "<>"
    LESS = "<"
    LESS_OR_EQUAL = "<="
    GREATER = ">"
    GREATER_OR_EQUAL = ">="


class Part(StrEnum):
    """A part of an instant in UTC: the hour 0-23, the day of the week 1 (Monday) to 7."""

    HOUR = "hour"
    WEEKDAY = "weekday"


class Anchor(StrEnum):
    """Where a text has to stand in another."""

    START = "start"
    END = "end"
    ANYWHERE = "anywhere"


@dataclass(frozen=True, slots=True)
class Literal:
    """A value that stands in the expression."""

    value: int | float | str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the transaction."""

    name: str
    kind: Kind
    is_nullable: bool


@dataclass(frozen=True, slots=True)
class Feature:
    """A feature of the transaction's past; always nullable."""

    name: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class ToNumber:
    """A whole value as the nearest 64-bit float."""

    operand: "Value"


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Two whole values, or two numbers, made into one."""

    operator: Operator
    left: "Value"
    right: "Value"


@dataclass(frozen=True, slots=True)
class Quotient:
    """One number divided by another."""

    dividend: "Value"
    divisor: "Value"


@dataclass(frozen=True, slots=True)
class Absolute:
    """A value without its sign."""

    operand: "Value"


@dataclass(frozen=True, slots=True)
class FirstKnown:
    """The first of several values that is not null."""

    options: tuple["Value", ...]


@dataclass(frozen=True, slots=True)
class PartOf:
    """A part of an instant."""

    part: Part
    operand: "Value"


Value = (
    Literal | Field | Feature | ToNumber | Arithmetic | Quotient | Absolute | FirstKnown | PartOf
)


@dataclass(frozen=True, slots=True)
class Compare:
    """Two values beside each other; texts are only equal or unequal."""

    comparison: Comparison
    left: Value
    right: Value


@dataclass(frozen=True, slots=True)
class IsNull:
    """Whether a value is unknown: always true or false itself."""

    operand: Value


@dataclass(frozen=True, slots=True)
class OneOf:
    """Whether a value is one of some literals of its kind."""

    operand: Value
    options: tuple[int | float | str, ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """Whether a text has an entry, valid at `occurred_at`, on a reference list."""

    operand: Value
    list_id: str


@dataclass(frozen=True, slots=True)
class Like:
    """Whether a text begins with, ends with or holds another."""

    operand: Value
    anchor: Anchor
    text: str


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite; unknown stays unknown."""

    operand: "Condition"


@dataclass(frozen=True, slots=True)
class All:
    """True where all parts are, false where one is false."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Any:
    """True where one part is, false where all are false."""

    parts: tuple["Condition", ...]


Condition = Compare | IsNull | OneOf | Listed | Like | Not | All | Any


def parts(value: Value) -> tuple[Value, ...]:
    """The values right below a value."""
    match value:
        case Literal() | Field() | Feature():
            return ()
        case ToNumber() | Absolute() | PartOf():
            return (value.operand,)
        case Arithmetic():
            return (value.left, value.right)
        case Quotient():
            return (value.dividend, value.divisor)
        case FirstKnown():
            return value.options


def operands(node: Value | Condition) -> tuple[Value | Condition, ...]:
    """The nodes right below a node."""
    match node:
        case Compare():
            return (node.left, node.right)
        case IsNull() | OneOf() | Listed() | Like() | Not():
            return (node.operand,)
        case All() | Any():
            return node.parts
        case _:
            return parts(node)


def walk(node: Value | Condition) -> list[Value | Condition]:
    """The node and all below it."""
    found: list[Value | Condition] = [node]
    for operand in operands(node):
        found += walk(operand)
    return found


def features_of(node: Value | Condition) -> frozenset[str]:
    """The names of the features in it."""
    return frozenset(found.name for found in walk(node) if isinstance(found, Feature))


def fields_of(node: Value | Condition) -> frozenset[str]:
    """The names of the transaction's fields in it."""
    return frozenset(found.name for found in walk(node) if isinstance(found, Field))


def lists_of(node: Value | Condition) -> frozenset[str]:
    """The names of the reference lists in it."""
    return frozenset(found.list_id for found in walk(node) if isinstance(found, Listed))
