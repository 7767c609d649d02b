"""Trees of conditions, and transactions with features to ask them of."""

from datetime import UTC, datetime

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from data_contracts.transaction import EntryMode, Transaction, TransactionType
from rules.expressions import tree
from rules.expressions.kinds import Kind
from rules.instants import epoch_ms
from tests.factories import a_transaction

TEXTS = ["DE", "FR", "chip", "transfer", "card_payment", ""]
LISTS = {"risky": ("FR", "chip"), "empty": ()}
FEATURES = {
    "whole": Kind.WHOLE,
    "number": Kind.NUMBER,
    "text": Kind.TEXT,
    "instant": Kind.INSTANT,
}
WHOLES = st.integers(-5, 5)
NUMBERS = st.sampled_from([-1.5, -0.0, 0.0, 1e-13, 0.5, 1.0, 3.0])
INSTANTS = st.datetimes(datetime(2026, 1, 1), datetime(2026, 1, 9)).map(  # noqa: DTZ001  (made aware below)
    lambda naive: naive.replace(microsecond=naive.microsecond // 1000 * 1000, tzinfo=UTC)
)


def field(name: str, kind: Kind, *, is_nullable: bool = True) -> tree.Value:
    return tree.Field(name, kind, is_nullable)


LEAVES: dict[Kind, SearchStrategy[tree.Value]] = {
    Kind.WHOLE: st.one_of(
        WHOLES.map(lambda value: tree.Literal(value, Kind.WHOLE)),
        st.just(field("amount_minor", Kind.WHOLE, is_nullable=False)),
        st.just(tree.Feature("whole", Kind.WHOLE)),
    ),
    Kind.NUMBER: st.one_of(
        NUMBERS.map(lambda value: tree.Literal(value, Kind.NUMBER)),
        st.just(field("latitude", Kind.NUMBER)),
        st.just(tree.Feature("number", Kind.NUMBER)),
    ),
    Kind.TEXT: st.one_of(
        st.sampled_from(TEXTS).map(lambda value: tree.Literal(value, Kind.TEXT)),
        st.just(field("country", Kind.TEXT)),
        st.just(field("entry_mode", Kind.TEXT)),
        st.just(field("type", Kind.TEXT, is_nullable=False)),
        st.just(tree.Feature("text", Kind.TEXT)),
    ),
    Kind.INSTANT: st.one_of(
        INSTANTS.map(lambda value: tree.Literal(epoch_ms(value), Kind.INSTANT)),
        st.just(field("occurred_at", Kind.INSTANT, is_nullable=False)),
        st.just(tree.Feature("instant", Kind.INSTANT)),
    ),
}


NUMERIC = {Kind.WHOLE, Kind.NUMBER}


@st.composite
def values(draw: st.DrawFn, kind: Kind, depth: int = 2) -> tree.Value:
    """A value of a kind; a strategy of its own at each step keeps its description short."""
    ways = ["leaf", "leaf", "first known"]
    ways += ["arithmetic", "absolute"] if kind in NUMERIC else []
    ways += {Kind.NUMBER: ["to number", "quotient"], Kind.WHOLE: ["part"]}.get(kind, [])
    way = draw(st.sampled_from(ways)) if depth else "leaf"
    if way == "leaf":
        return draw(LEAVES[kind])
    below = values(kind, depth - 1)
    return draw(_made(way, below, depth))


def _made(way: str, below: SearchStrategy[tree.Value], depth: int) -> SearchStrategy[tree.Value]:
    match way:
        case "first known":
            return st.lists(below, min_size=1, max_size=3).map(
                lambda options: tree.FirstKnown(tuple(options))
            )
        case "arithmetic":
            return st.builds(tree.Arithmetic, st.sampled_from(tree.Operator), below, below)
        case "absolute":
            return st.builds(tree.Absolute, below)
        case "quotient":
            return st.builds(tree.Quotient, below, below)
        case "to number":
            return st.builds(tree.ToNumber, values(Kind.WHOLE, depth - 1))
        case _:
            instants = values(Kind.INSTANT, depth - 1)
            return st.builds(tree.PartOf, st.sampled_from(tree.Part), instants)


@st.composite
def tests(draw: st.DrawFn) -> tree.Condition:
    """A condition without others in it."""
    texts = values(Kind.TEXT, 1)
    kind = draw(st.sampled_from([Kind.WHOLE, Kind.NUMBER, Kind.INSTANT]))
    equal = st.sampled_from([tree.Comparison.EQUAL, tree.Comparison.UNEQUAL])
    ways: list[SearchStrategy[tree.Condition]] = [
        st.builds(tree.Compare, st.sampled_from(tree.Comparison), values(kind), values(kind)),
        st.builds(tree.Compare, equal, texts, texts),
        st.builds(tree.IsNull, values(kind)),
        st.builds(tree.IsNull, texts),
        st.builds(tree.OneOf, texts, st.lists(st.sampled_from(TEXTS), min_size=1).map(tuple)),
        st.builds(tree.OneOf, values(Kind.WHOLE), st.lists(WHOLES, min_size=1).map(tuple)),
        st.builds(tree.Listed, texts, st.sampled_from(sorted(LISTS))),
        st.builds(tree.Like, texts, st.sampled_from(tree.Anchor), st.sampled_from(["c", "DE"])),
    ]
    return draw(draw(st.sampled_from(ways)))


@st.composite
def conditions(draw: st.DrawFn, depth: int = 2) -> tree.Condition:
    """A condition, with others in it down to a depth."""
    way = draw(st.sampled_from(["test", "not", "all", "any"])) if depth else "test"
    if way == "test":
        return draw(tests())
    if way == "not":
        return tree.Not(draw(conditions(depth - 1)))
    parts = tuple(draw(st.lists(conditions(depth - 1), min_size=2, max_size=3)))
    return tree.All(parts) if way == "all" else tree.Any(parts)


def transactions() -> SearchStrategy[Transaction]:
    return st.builds(
        a_transaction,
        amount_minor=st.integers(1, 5),
        latitude=st.none() | NUMBERS,
        country=st.none() | st.sampled_from(["DE", "FR"]),
        entry_mode=st.none() | st.sampled_from(EntryMode),
        type=st.sampled_from(TransactionType),
        occurred_at=INSTANTS,
    )


def features() -> SearchStrategy[dict[str, int | float | str | None]]:
    instants = INSTANTS.map(epoch_ms)
    return st.fixed_dictionaries(
        {
            "whole": st.none() | WHOLES,
            "number": st.none() | NUMBERS,
            "text": st.none() | st.sampled_from(TEXTS),
            "instant": st.none() | instants,
        }
    )
