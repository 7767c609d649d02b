"""The schemas that editors use are those of the readers."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from rules.documents.catalogue import Layout
from rules.documents.descriptions import DESCRIPTIONS
from rules.documents.modelines import files_of, modeline
from rules.documents.reference import reference
from rules.documents.schema import KINDS, keys_of, schema_file, schema_text

RULES = Path(__file__).parents[3] / "rules"
WRONG = Path(__file__).parent.parent / "wrong"
CONDITIONAL = {  # Which keys there have to be depends on what others say; or it is not even YAML.
    "breaker-without-limit",
    "list.allowance-without-end",
    "list.entry-without-owner",
    "policy.hour-without-minutes",
    "not-yaml",
    "python-tag",
    "budget.unknown-field",
}
FILES = sorted(files_of(Layout.of(RULES)))


def faults(kind: str, path: Path) -> list[str]:
    validator = jsonschema.Draft202012Validator(json.loads(schema_text(kind)))
    document: Any = YAML(typ="safe").load(path.read_text())
    return [error.message for error in validator.iter_errors(document)]


@pytest.mark.parametrize("kind", KINDS)
def test_the_files_are_those_that_the_readers_make(kind: str) -> None:
    assert (RULES / "schema" / schema_file(kind)).read_text() == schema_text(kind)


@pytest.mark.parametrize("kind", KINDS)
def test_a_schema_is_one(kind: str) -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(schema_text(kind)))


def test_every_key_is_described() -> None:
    events = {"tests.history", "tests.event"}
    unknown = [
        f"{kind}.{path}"
        for kind in KINDS
        for path, _ in keys_of(kind)
        if f"{kind}.{path}" not in DESCRIPTIONS and path.rpartition(".")[0] not in events
    ]
    assert unknown == []


def test_nothing_is_described_that_is_no_key() -> None:
    keys = {f"{kind}.{path}" for kind in KINDS for path, _ in keys_of(kind)}
    assert DESCRIPTIONS.keys() - keys == set()


@pytest.mark.parametrize(("path", "kind"), FILES, ids=lambda item: getattr(item, "name", item))
def test_a_shipped_file_is_valid_and_names_its_schema(path: Path, kind: str) -> None:
    assert faults(kind, path) == []
    assert path.read_text().startswith(modeline(path, RULES / "schema", kind))


def wrong_in_structure() -> Iterator[tuple[str, Path]]:
    """Files that miss a key, know one too many, or have a value of another kind."""
    signs = (
        "the key is missing",
        "unknown key",
        "is out of range",
        "expected",
        "no duration",
        "unknown severity",
        "unknown status",
        "unknown aggregate",
        "unknown kind",
        "is no field to group by",
    )
    for path in sorted(WRONG.glob("*.yaml")):
        kind, _, rest = path.name.partition(".")
        says = [line for line in path.read_text().splitlines() if line.startswith("# says")]
        if any(sign in says[0] for sign in signs) and path.stem not in CONDITIONAL:
            yield (kind if rest != "yaml" else "rule"), path


@pytest.mark.parametrize(("kind", "path"), list(wrong_in_structure()), ids=lambda i: str(i)[-40:])
def test_what_is_wrong_in_structure_is_refused(kind: str, path: Path) -> None:
    assert faults(kind, path) != []


def test_the_reference_is_the_one_that_the_code_makes() -> None:
    assert (RULES.parent / "docs" / "rules-reference.md").read_text() == reference()
