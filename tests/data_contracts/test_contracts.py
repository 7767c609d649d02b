"""One truth in four forms: struct, JSON Schema, Arrow columns and ODCS document are equal."""

import json
from importlib.resources import files
from typing import get_args

import msgspec
import pyarrow as pa
import pytest
from jsonschema import Draft201909Validator
from open_data_contract_standard.model import OpenDataContractStandard
from ruamel.yaml import YAML

from data_contracts import arrow, documents, schemas
from data_contracts.contracts import CONTRACTS, Contract, NoSuchContract, named
from data_contracts.control import Control
from data_contracts.facts import Facts
from data_contracts.topics import DAY_MS, TOPICS

DAY_OF_UNIT = {"d": 1, "y": 365}

each_contract = pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.name)
each_topic_contract = pytest.mark.parametrize(
    "contract",
    [contract for contract in CONTRACTS if contract.structs],
    ids=lambda contract: contract.name,
)


def without_null(facts: Facts) -> Facts:
    """ODCS knows only whether a field is required, not null apart from absent."""
    return {
        path: msgspec.structs.replace(fact, types=fact.types - {"null"})
        for path, fact in facts.items()
    }


def shape(facts: Facts) -> Facts:
    """Types and presence: all that the columns of a table hold a value to."""
    return {
        path: msgspec.structs.replace(fact, values=frozenset(), limits={})
        for path, fact in without_null(facts).items()
    }


def differences(contract: Contract, promised: Facts, held: Facts) -> list[str]:
    """Where the document says something else than the code, with its line."""
    lines = {path: found.line for path, found in documents.properties(contract).items()}
    return [
        f"{contract.document.name}:{lines.get(path, '-')} {path}:"
        f" the document says {promised.get(path)}, the code {held.get(path)}"
        for path in sorted(promised.keys() | held.keys())
        if promised.get(path) != held.get(path)
    ]


@each_topic_contract
def test_a_document_holds_each_field_to_what_the_struct_does(contract: Contract) -> None:
    promised = without_null(documents.facts(contract))
    assert not differences(contract, promised, without_null(schemas.facts(contract)))


@each_contract
def test_a_document_and_the_columns_agree_on_types_and_presence(contract: Contract) -> None:
    promised = shape(documents.facts(contract))
    assert not differences(contract, promised, shape(schemas.facts(contract)))


def test_a_difference_is_told_with_its_line() -> None:
    alerts = named("alerts")
    held = documents.facts(alerts)
    changed = held | {
        "Alert.tenant": msgspec.structs.replace(held["Alert.tenant"], is_required=False)
    }
    (told,) = differences(alerts, held, changed)
    file, line, rest = told.split(":", 2)
    text = alerts.document.read_text().splitlines()[int(line.partition(" ")[0]) - 1]
    assert (file, text.strip()) == (alerts.document.name, "- name: tenant")
    assert "Alert.tenant" in f"{line}{rest}"


@each_topic_contract
def test_the_arrow_columns_are_those_of_the_json_schema(contract: Contract) -> None:
    for struct in contract.structs:
        fields = {
            path.split(".")[1]: fact
            for path, fact in schemas.facts(contract).items()
            if path.startswith(f"{struct.__name__}.") and path.count(".") == 1 and path[-1] != "]"
        }
        columns = arrow.schema(struct)
        assert [column.name for column in columns] == [
            name for name in fields if not name.endswith("}")
        ]
        for column in columns:
            assert arrow_kind(column.type) in fields[column.name].types
            assert column.nullable is ("null" in fields[column.name].types)


def arrow_kind(column: pa.DataType) -> str:
    kinds: dict[type[pa.DataType], str] = {
        pa.StructType: "object",
        pa.MapType: "object",
        pa.ListType: "array",
        pa.TimestampType: "timestamp",
    }
    plain = {
        pa.string(): "string",
        pa.int64(): "integer",
        pa.float64(): "number",
        pa.bool_(): "boolean",
        pa.binary(): "bytes",
    }
    return kinds.get(type(column)) or plain[column]


@each_contract
def test_the_json_schema_in_the_repository_is_todays(contract: Contract) -> None:
    mend = "run `watchkeeper contracts write`"
    assert contract.json_schema.read_text() == schemas.text(schemas.json_schema(contract)), mend


@each_contract
def test_every_field_says_what_it_means_in_one_place(contract: Contract) -> None:
    silent = [
        f"{contract.document.name}:{found.line} {path}"
        for path, found in documents.properties(contract).items()
        if not found.description
    ]
    assert not silent


@each_contract
def test_a_document_is_valid_by_the_standard(contract: Contract) -> None:
    text = contract.document.read_text()
    parsed = OpenDataContractStandard.from_string(text)
    assert parsed.apiVersion == "v3.1.0"
    standard = json.loads(files("open_data_contract_standard").joinpath("schema.json").read_text())
    Draft201909Validator(standard).validate(YAML(typ="safe", pure=True).load(text))


@each_contract
def test_a_document_uses_nothing_newer_than_the_version_it_names(contract: Contract) -> None:
    newer = ("enum", "map", "synonyms", "semanticType", "deprecated")
    for found in documents.properties(contract).values():
        assert not [key for key in newer if key in found.node]
        assert found.node["logicalType"] not in {"map", "vector"}


@each_topic_contract
def test_the_promised_retention_is_that_of_the_topic(contract: Contract) -> None:
    assert contract.topic is not None
    promised = [
        item["value"] * DAY_OF_UNIT[item["unit"]] * DAY_MS
        for item in documents.load(contract)["slaProperties"]
        if item["property"] == "retention"
    ]
    assert promised == [contract.topic.retention_ms]


@each_topic_contract
def test_a_document_names_its_topic(contract: Contract) -> None:
    assert contract.topic is not None
    names = {schema["physicalName"] for schema in documents.load(contract)["schema"]}
    assert names == {contract.topic.name}


def test_every_topic_and_every_control_record_has_a_contract() -> None:
    assert {contract.topic for contract in CONTRACTS if contract.topic} == set(TOPICS)
    assert set(named("control").structs) == set(get_args(Control))


@each_contract
def test_examples_are_of_the_type_that_they_illustrate(contract: Contract) -> None:
    python = {
        "string": str,
        "timestamp": str,
        "date": str,
        "bytes": str,
        "integer": int,
        "number": float,
        "boolean": bool,
        "object": dict,
        "array": list,
    }
    for path, found in documents.properties(contract).items():
        allowed = tuple(python[kind] for kind in found.fact.types if kind in python)
        for example in found.node.get("examples", ()):
            assert isinstance(example, allowed), path
            assert not found.fact.values or example in found.fact.values, path


def test_a_contract_is_found_with_and_without_its_version() -> None:
    assert named("alerts") is named("alerts.v1")
    assert named("transactions.rejected").topic is not None


def test_a_name_that_is_nearly_right_is_answered_with_the_right_one() -> None:
    with pytest.raises(NoSuchContract, match="did you mean transactions"):
        named("tranactions")
    with pytest.raises(NoSuchContract, match="there are transactions"):
        named("x")
