"""JSON Schemas for editors, made of what the readers ask for when they read the samples."""

import json
from collections.abc import Callable, Iterable, Sequence
from functools import cache

from rules.documents.budget import read_budget
from rules.documents.descriptions import DESCRIPTIONS, TITLES
from rules.documents.features import read_feature
from rules.documents.lists import read_list, read_policy
from rules.documents.rules import RuleReader, Surroundings, read_own_features
from rules.documents.samples import SAMPLES
from rules.forms import Asked, Form, Nesting, Schema, form_of
from rules.located_yaml import parse
from rules.mistakes import Mistakes
from rules.words import NAME_PATTERN

DRAFT = "https://json-schema.org/draft/2020-12/schema"
KINDS = tuple(SAMPLES)
EITHER_SCORE_OR_BANDS = [{"required": ["score"]}, {"required": ["band_of", "bands"]}]


def schema_file(kind: str) -> str:
    """The name of the file that has the schema of a kind of document."""
    return f"{kind}.schema.json"


@cache
def schema_text(kind: str) -> str:
    """The schema of a kind of document, as its file has it."""
    forms = [_read(kind, text) for text in SAMPLES[kind]]
    schema: Schema = {"$schema": DRAFT, "title": TITLES[kind], **_schema_of(kind, forms)}
    if kind == "rule":
        schema["oneOf"] = EITHER_SCORE_OR_BANDS
    return json.dumps(schema, indent=2) + "\n"


def keys_of(kind: str) -> list[tuple[str, Asked]]:
    """Every key of a kind of document with its path: `tests.hit`; those of an event only once."""
    found = _paths(kind, [_read(kind, text) for text in SAMPLES[kind]])
    return [(path.removeprefix(f"{kind}."), asked) for path, asked in found]


def _paths(above: str, forms: Sequence[Form]) -> Iterable[tuple[str, Asked]]:
    for key, asked in _ordered(above, forms):
        path = f"{above}.{key}"
        yield path, asked
        yield from _paths(path, asked.below)


def _ordered(above: str, forms: Sequence[Form]) -> list[tuple[str, Asked]]:
    """The keys in the order in which they are described, which is that of a good file."""
    places = {path: number for number, path in enumerate(DESCRIPTIONS)}
    last = len(places)
    found = _merged(forms).items()
    return sorted(found, key=lambda item: places.get(f"{above}.{item[0]}", last))


def _read(kind: str, text: str) -> Form:
    mistakes = Mistakes()
    node = parse(text, kind, mistakes)
    form = None if node is None else form_of(node, mistakes)
    assert form is not None
    READERS[kind](form)
    assert not mistakes.found, mistakes.found
    return form


def _read_rule(form: Form) -> None:
    typologies = frozenset({"card-testing", "large-amount"})
    around = Surroundings({}, {}, frozenset(), frozenset(), typologies)
    RuleReader(form, read_own_features(form), around).read()


def _read_features(form: Form) -> None:
    for name, item in form.named_forms("features").items():
        read_feature(item, name)
    form.close()


READERS: dict[str, Callable[[Form], object]] = {
    "rule": _read_rule,
    "features": _read_features,
    "list": read_list,
    "policy": read_policy,
    "budget": read_budget,
}


def _merged(forms: Sequence[Form]) -> dict[str, Asked]:
    """What was asked of several tables of one kind; required is what all of them required."""
    found: dict[str, Asked] = {}
    for form in forms:
        for key, asked in form.described.items():
            known = found.setdefault(key, Asked(asked.schema, nesting=asked.nesting))
            known.nesting = known.nesting or asked.nesting
            known.below += [below for below in asked.below if below.is_closed]
    for key, asked in found.items():
        every = [form.described.get(key) for form in forms]
        asked.is_required = all(item is not None and item.is_required for item in every)
    return found


def _schema_of(above: str, forms: Sequence[Form]) -> Schema:
    ordered = _ordered(above, forms)
    schema: Schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": {key: _property(f"{above}.{key}", asked) for key, asked in ordered},
    }
    required = [key for key, asked in ordered if asked.is_required]
    return schema | ({"required": required} if required else {})


def _property(path: str, asked: Asked) -> Schema:
    described = {"description": DESCRIPTIONS[path]} if path in DESCRIPTIONS else {}
    if asked.nesting is None:
        return described | asked.schema
    below = _schema_of(path, asked.below)
    if asked.nesting is Nesting.ROW:
        return described | {"type": "array", "items": below}
    if asked.nesting is Nesting.NAMED:
        names = {"pattern": f"^{NAME_PATTERN}$"}
        return described | {
            "type": "object",
            "propertyNames": names,
            "additionalProperties": below,
        }
    return described | below
