"""The ODCS documents: the one home of what each field means, with examples and quality rules."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from ruamel.yaml import YAML

from data_contracts.contracts import SUFFIX, Contract, named
from data_contracts.facts import LIMITS, Fact, Facts

BYTES_FORMAT = "byte"

Node = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Property:
    """One field as a document describes it; `line` is where, counted from 1."""

    path: str
    line: int
    node: Node

    @property
    def description(self) -> str:
        """What the field means, in one line."""
        return " ".join(str(self.node.get("description", "")).split())

    @property
    def fact(self) -> Fact:
        """What the document holds the field to."""
        options = self.node.get("logicalTypeOptions", {})
        return Fact(
            types=_types(self.node),
            is_required=bool(self.node.get("required", False)),
            values=frozenset(_valid_values(self.node)),
            limits={name: options[name] for name in LIMITS if name in options},
        )


@cache
def load(contract: Contract) -> Node:
    """The document of a contract as it stands in its file."""
    document: Node = YAML(typ="rt", pure=True).load(contract.document)
    return document


def version(contract: Contract) -> str:
    """The version of the contract: major.minor.patch."""
    return str(load(contract)["version"])


def properties(contract: Contract) -> dict[str, Property]:
    """Every field that the document describes, by its path, those it borrows too."""
    return {
        found.path: found
        for schema in load(contract)["schema"]
        for found in _inside(str(schema["name"]), schema)
    }


def facts(contract: Contract) -> Facts:
    """What the document holds each field to."""
    return {path: found.fact for path, found in properties(contract).items()}


def _inside(path: str, node: Node) -> Iterator[Property]:
    for child in node.get("properties", ()):
        yield from _property(f"{path}.{child['name']}", child)
    if "items" in node:
        yield from _property(f"{path}[]", dict(node["items"]) | {"required": True})
    if (value := _custom(node, "valueType")) is not None:
        meaning = {"description": f"A value by name: {value}.", "required": True}
        yield from _property(f"{path}{{}}", meaning | {"logicalType": value})


def _property(path: str, node: Node) -> Iterator[Property]:
    place = getattr(node, "lc", None)
    whole = _defined(node)
    yield Property(path, place.line + 1 if place else 0, whole)
    yield from _inside(path, whole)


def _defined(node: Node) -> Node:
    """The node, with what it leaves out taken from where its meaning is defined."""
    for definition in node.get("authoritativeDefinitions", ()):
        document, _, path = str(definition["url"]).partition(f"{SUFFIX}#")
        if path:
            return {**_at(named(document), path), "required": False, **node}
    return node


def _at(contract: Contract, path: str) -> Node:
    schemas: dict[str, Node] = {str(node["name"]): node for node in load(contract)["schema"]}
    return schemas[path] if path in schemas else properties(contract)[path].node


def _custom(node: Node, name: str) -> str | None:
    for custom in node.get("customProperties", ()):
        if custom["property"] == name:
            return str(custom["value"])
    return None


def _types(node: Node) -> frozenset[str]:
    if node.get("logicalTypeOptions", {}).get("format") == BYTES_FORMAT:
        return frozenset({"bytes"})
    return frozenset(str(node["logicalType"]).split(" | "))


def _valid_values(node: Node) -> list[str]:
    # ODCS 3.1 has no enum of its own: a list of values is a rule of quality.
    return [
        str(value)
        for rule in node.get("quality", ())
        if rule.get("metric") == "invalidValues"
        for value in rule["arguments"]["validValues"]
    ]
