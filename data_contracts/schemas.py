"""The JSON Schema of a contract: types from the structs, meaning from the ODCS document."""

import inspect
import json
from collections.abc import Mapping
from typing import Any

import msgspec

from data_contracts import arrow, documents
from data_contracts.contracts import Contract
from data_contracts.facts import Facts, of_json_schema

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema(contract: Contract) -> dict[str, Any]:
    """The JSON Schema of the contract as structs and columns are today."""
    roots, definitions = _components(contract)
    for definition in definitions.values():
        if "description" in definition:
            definition["description"] = inspect.cleandoc(definition["description"])
    _describe(definitions, documents.properties(contract), roots)
    head = {
        "$schema": DIALECT,
        "$id": f"urn:watchkeeper:{contract.name}:{documents.version(contract)}",
        "title": contract.name,
    }
    body = roots[0] if len(roots) == 1 else {"anyOf": roots}
    return head | body | {"$defs": definitions}


def facts(contract: Contract) -> Facts:
    """What structs and columns hold each field to."""
    roots, definitions = _components(contract)
    return of_json_schema({"anyOf": roots, "$defs": definitions})


def _components(contract: Contract) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    if contract.columns is not None:
        name = contract.name.partition(".")[0]
        return [{"$ref": f"#/$defs/{name}"}], {name: arrow.row_schema(contract.columns)}
    roots, definitions = msgspec.json.schema_components(contract.structs)
    return list(roots), definitions


def text(document: Mapping[str, Any]) -> str:
    """The document as its file holds it."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _describe(
    definitions: dict[str, Any],
    meanings: Mapping[str, documents.Property],
    roots: list[dict[str, Any]],
) -> None:
    todo = [(root["$ref"].rpartition("/")[2], root) for root in roots]
    while todo:
        path, node = todo.pop()
        for name, child in _children(definitions, node):
            inside = f"{path}{name}"
            if inside in meanings:
                _annotate(child, meanings[inside])
            todo.append((inside, child))


def _children(definitions: dict[str, Any], node: dict[str, Any]) -> list[tuple[str, Any]]:
    if "$ref" in node:
        return _children(definitions, definitions[node["$ref"].rpartition("/")[2]])
    if "anyOf" in node:
        return [found for child in node["anyOf"] for found in _children(definitions, child)]
    found = [(f".{name}", child) for name, child in node.get("properties", {}).items()]
    return found + ([("[]", node["items"])] if "items" in node else [])


def _annotate(node: dict[str, Any], meaning: documents.Property) -> None:
    node["description"] = meaning.description
    if "examples" in meaning.node:
        node["examples"] = list(meaning.node["examples"])
