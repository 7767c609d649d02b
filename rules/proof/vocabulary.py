"""What a rule and its features speak of: the words, numbers and times at which a test may lie."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from msgspec import inspect
from msgspec.structs import replace

from data_contracts.transaction import Transaction
from rules.expressions import tree
from rules.expressions.conditions import condition_of
from rules.expressions.kinds import Kind, ValueType
from rules.expressions.names import Names, fields
from rules.model import EntityList
from rules.proof.subject import Subject

STRANGERS = {2: "ZZ", 3: "XTS", 4: "0000"}  # By the length that a field's texts have.
LISTED_MAX = 2
HOURS = 24

Node = tree.Value | tree.Condition


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """The values that make a difference somewhere; `words` has those of each text field."""

    words: Mapping[str, tuple[str | None, ...]]
    numbers: tuple[int, ...]
    places: tuple[float, ...]
    durations: tuple[int, ...]
    instants: tuple[int, ...]
    hours: tuple[int, ...]
    has_weekday: bool


def vocabulary_of(subject: Subject) -> Vocabulary:
    """Collect them from the condition, every `where`, the bands and the keys."""
    conditions = [subject.when]
    conditions += [condition_of(item.where, Names()) for item in subject.features if item.where]
    nodes = [node for condition in conditions for node in tree.walk(condition)]
    parts = {node.part for node in nodes if isinstance(node, tree.PartOf)}
    numbers = {*_literals(nodes, Kind.WHOLE), *_edges(subject), *_options(nodes)}
    return Vocabulary(
        words=_words(subject, nodes),
        numbers=tuple(sorted(numbers)),
        places=tuple(
            node.value
            for node in nodes
            if isinstance(node, tree.Literal) and isinstance(node.value, float)
        ),
        durations=_literals(nodes, Kind.DURATION),
        instants=_literals(nodes, Kind.INSTANT),
        hours=tuple(n for n in sorted(numbers) if n <= HOURS) if tree.Part.HOUR in parts else (),
        has_weekday=tree.Part.WEEKDAY in parts,
    )


def _literals(nodes: Sequence[Node], kind: Kind) -> tuple[int, ...]:
    found = {
        node.value
        for node in nodes
        if isinstance(node, tree.Literal) and node.kind is kind and isinstance(node.value, int)
    }
    return tuple(sorted(found))


def _edges(subject: Subject) -> Iterator[int]:
    for band in subject.rule.bands:
        yield from (int(edge) for edge in (band.at_least, band.below) if edge is not None)


def _options(nodes: Sequence[Node]) -> Iterator[int]:
    for node in nodes:
        if isinstance(node, tree.OneOf):
            yield from (option for option in node.options if isinstance(option, int))


def _words(subject: Subject, nodes: Sequence[Node]) -> dict[str, tuple[str | None, ...]]:
    named = {node.name for node in nodes if isinstance(node, tree.Field)}
    for item in subject.features:
        named |= {*item.by, *item.at, *([item.of] if item.of else [])}
    found: dict[str, list[str | None]] = {
        name: [] for name in sorted(named) if fields()[name].kind is Kind.TEXT
    }
    entries = {item.id: item for item in subject.lists}
    for node in nodes:
        name, words = _said_of(node, entries)
        if name in found:
            found[name] += words
    return {
        name: tuple(dict.fromkeys((*words, *_others(fields()[name], words))))
        for name, words in found.items()
    }


def _said_of(node: Node, lists: Mapping[str, EntityList]) -> tuple[str, list[str]]:
    """The field that a test is about, and the texts that it names."""
    match node:
        case tree.Compare(_, tree.Field(name), tree.Literal(str(text))):
            return name, [text]
        case tree.Compare(_, tree.Literal(str(text)), tree.Field(name)):
            return name, [text]
        case tree.OneOf(tree.Field(name), options):
            return name, [option for option in options if isinstance(option, str)]
        case tree.Like(tree.Field(name), _, text):
            return name, [text, f"{text}-x", f"x-{text}", f"x-{text}-x"]
        case tree.Listed(tree.Field(name), list_id):
            return name, [entry.value for entry in lists[list_id].entries[:LISTED_MAX]]
        case _:
            return "", []


def _others(found: ValueType, words: Sequence[str | None]) -> list[str | None]:
    """A value that nothing names, and null where the field may be null."""
    unnamed = [word for word in found.words if word not in words][:2]
    strangers = unnamed if found.words else [STRANGERS.get(found.length or 0, "someone-else")]
    return [*strangers, *([None] if found.is_nullable else [])]


@cache
def _enums() -> Mapping[str, type]:
    contract = inspect.type_info(Transaction)
    assert isinstance(contract, inspect.StructType)
    found = {}
    for item in contract.fields:
        kinds = item.type.types if isinstance(item.type, inspect.UnionType) else (item.type,)
        for kind in kinds:
            if isinstance(kind, inspect.EnumType):
                found[item.name] = kind.cls
    return found


def with_text(event: Transaction, name: str, text: str | None) -> Transaction:
    """The event with another text in a field."""
    kind = _enums().get(name)
    return replace(event, **{name: text if text is None or kind is None else kind(text)})
