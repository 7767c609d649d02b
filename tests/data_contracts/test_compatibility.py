"""A breaking change of a published contract is refused; a harmless one is only told."""

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import msgspec
import pytest

from data_contracts import compatibility, schemas
from data_contracts.compatibility import Change, Effect, check, compare, file_of, worst
from data_contracts.contracts import named
from data_contracts.facts import Facts, of_json_schema
from data_contracts.transaction import Instant

ALERTS = named("alerts.v1")


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class MoreColours(StrEnum):
    RED = "red"
    BLUE = "blue"
    GREEN = "green"


class Part(msgspec.Struct):
    weight: float


def facts(**fields: object) -> Facts:
    """The facts of a struct with these fields; a pair is type and default."""
    given = [
        (name, *field) if isinstance(field, tuple) else (name, field)
        for name, field in fields.items()
    ]
    struct = msgspec.defstruct("Thing", given, kw_only=True)
    return of_json_schema(msgspec.json.schema(struct))


def bounded(low: int, high: int) -> object:
    return Annotated[int, msgspec.Meta(ge=low, le=high)]


def text_to(length: int) -> object:
    return Annotated[str, msgspec.Meta(max_length=length)]


OPTIONAL_TEXT = (str | None, None)

BREAKING = {
    "a field removed": (facts(a=str, b=str), facts(a=str)),
    "an optional field removed": (facts(a=str, b=OPTIONAL_TEXT), facts(a=str)),
    "another type": (facts(a=str), facts(a=int)),
    "a number narrowed to whole ones": (facts(a=float), facts(a=int)),
    "a time as text": (facts(a=Instant), facts(a=str)),
    "bytes as text": (facts(a=bytes), facts(a=str)),
    "null no longer allowed": (facts(a=OPTIONAL_TEXT), facts(a=str)),
    "newly required": (facts(a=(str, "")), facts(a=str)),
    "a required field added": (facts(a=str), facts(a=str, b=str)),
    "a value removed": (facts(a=MoreColours), facts(a=Colour)),
    "free text made a list of values": (facts(a=str), facts(a=Colour)),
    "a longer minimum": (facts(a=bounded(1, 9)), facts(a=bounded(2, 9))),
    "a lower maximum": (facts(a=bounded(1, 9)), facts(a=bounded(1, 8))),
    "a limit where none was": (facts(a=str), facts(a=text_to(64))),
    "a shorter text": (facts(a=text_to(64)), facts(a=text_to(63))),
    "a type within a list changed": (facts(a=list[str]), facts(a=list[int])),
    "a type within a dictionary changed": (facts(a=dict[str, str]), facts(a=dict[str, int])),
}
WARNING = {
    "a value added": (facts(a=Colour), facts(a=MoreColours)),
    "no longer required": (facts(a=str), facts(a=(str, ""))),
    "whole numbers widened": (facts(a=int), facts(a=float)),
    "null newly allowed": (facts(a=(str, "")), facts(a=(str | None, ""))),
    "a longer text": (facts(a=text_to(64)), facts(a=text_to(65))),
    "a limit lifted": (facts(a=text_to(64)), facts(a=str)),
    "any value instead of a list": (facts(a=Colour), facts(a=str)),
}
NONE = {
    "nothing": (facts(a=str), facts(a=str)),
    "an optional field added": (facts(a=str), facts(a=str, b=OPTIONAL_TEXT)),
    "an optional part with required fields": (facts(a=str), facts(a=str, b=(Part | None, None))),
}
CASES = [
    pytest.param(before, after, effect, id=name)
    for effect, cases in (
        (Effect.BREAKING, BREAKING),
        (Effect.WARNING, WARNING),
        (Effect.NONE, NONE),
    )
    for name, (before, after) in cases.items()
]


@pytest.mark.parametrize(("before", "after", "expected"), CASES)
def test_each_change_has_its_effect(before: Facts, after: Facts, expected: Effect) -> None:
    found = [effect for _, _, effect in compare(before, after)]
    assert max(found, default=Effect.NONE) is expected


def test_all_differences_are_told_at_once_and_where() -> None:
    found = list(compare(facts(a=str, b=str, c=Colour), facts(a=int, c=MoreColours)))
    assert found == [
        ("Thing.a", "type: string → integer", Effect.BREAKING),
        ("Thing.b", "removed", Effect.BREAKING),
        ("Thing.c", "values added: green", Effect.WARNING),
    ]


def test_a_new_struct_beside_the_others_breaks_nobody() -> None:
    before = facts(a=str)
    after = before | {path.replace("Thing", "Other"): fact for path, fact in before.items()}
    assert worst(Change("c", *found) for found in compare(before, after)) is Effect.NONE


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """A folder with the promise about alerts, which a test may change."""
    file_of(ALERTS, tmp_path).write_text(schemas.text(schemas.json_schema(ALERTS)))
    return tmp_path


def test_what_is_published_unchanged_has_no_differences(published: Path) -> None:
    assert check([ALERTS], published) == []


def test_a_change_without_a_new_version_is_refused(published: Path) -> None:
    promise = json.loads(file_of(ALERTS, published).read_text())
    del promise["$defs"]["Alert"]["properties"]["position"]
    file_of(ALERTS, published).write_text(json.dumps(promise))
    assert [(change.field, change.effect) for change in check([ALERTS], published)] == [
        ("Alert.position", Effect.NONE),
        ("version", Effect.BREAKING),
    ]
    promise["$id"] = "urn:watchkeeper:alerts.v1:0.9.0"
    file_of(ALERTS, published).write_text(json.dumps(promise))
    assert worst(check([ALERTS], published)) is Effect.NONE


def test_a_contract_that_vanished_is_refused(published: Path) -> None:
    (published / "refunds.v1.json").write_text("{}")
    found = check([ALERTS], published)
    assert found == [Change("refunds.v1", "", "the whole contract is gone", Effect.BREAKING)]


def test_a_contract_that_is_not_published_yet_is_only_told(published: Path) -> None:
    file_of(ALERTS, published).unlink()
    assert worst(check([ALERTS], published)) is Effect.WARNING


def test_the_worst_stands_first_in_the_table() -> None:
    changes = [Change("c", "a", "added", Effect.NONE), Change("c", "b", "gone", Effect.BREAKING)]
    assert [line.split()[0] for line in compatibility.lines(changes)] == ["breaking", "none"]


def test_the_contracts_of_this_checkout_break_no_promise() -> None:
    breaking = [change for change in check() if change.effect is Effect.BREAKING]
    assert not breaking, "see `watchkeeper contracts check`"
