"""What a contract holds a field to, in one form, whichever document says it."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

Node = Mapping[str, Any]

_TYPE_OF_FORMAT = {"date-time": "timestamp", "date": "date"}

LIMITS = ("minimum", "maximum", "minLength", "maxLength", "pattern")


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """One field: `types` are ODCS's logical types, and `bytes`; null is a type like any other."""

    types: frozenset[str]
    is_required: bool
    values: frozenset[str] = frozenset()
    limits: Mapping[str, float | str] = {}


Facts = dict[str, Fact]  # by path: Transaction.amount_minor, Decision.hits[].score, features{}


def of_json_schema(document: Node) -> Facts:
    """Every field that a JSON Schema of ours describes."""
    roots = document.get("anyOf") or [{"$ref": document["$ref"]}]
    names = [root["$ref"].rpartition("/")[2] for root in roots]
    return {
        path: fact
        for name, root in zip(names, roots, strict=True)
        for path, fact in _fields(document["$defs"], name, root)
    }


def _fields(definitions: Node, path: str, node: Node) -> Iterator[tuple[str, Fact]]:
    for branch in _branches(definitions, node):
        required = branch.get("required", ())
        for name, child in branch.get("properties", {}).items():
            yield from _field(definitions, f"{path}.{name}", child, is_required=name in required)
        if "items" in branch:
            yield from _field(definitions, f"{path}[]", branch["items"], is_required=True)
        if branch.get("additionalProperties"):
            inside = branch["additionalProperties"]
            yield from _field(definitions, f"{path}{{}}", inside, is_required=True)


def _field(
    definitions: Node, path: str, node: Node, *, is_required: bool
) -> Iterator[tuple[str, Fact]]:
    branches = _branches(definitions, node)
    yield (
        path,
        Fact(
            types=frozenset(map(_type, branches)),
            is_required=is_required,
            values=frozenset(value for branch in branches for value in branch.get("enum", ())),
            limits={name: branch[name] for branch in branches for name in LIMITS if name in branch},
        ),
    )
    yield from _fields(definitions, path, node)


def _branches(definitions: Node, node: Node) -> list[Node]:
    if "$ref" in node:
        return _branches(definitions, definitions[node["$ref"].rpartition("/")[2]])
    if "anyOf" in node:
        return [found for child in node["anyOf"] for found in _branches(definitions, child)]
    return [node]


def _type(branch: Node) -> str:
    if branch.get("format") in _TYPE_OF_FORMAT:
        return _TYPE_OF_FORMAT[branch["format"]]
    if "contentEncoding" in branch:
        return "bytes"
    return str(branch.get("type", "string"))  # An enum of ours is text and bears no type.
