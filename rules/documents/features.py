"""Definitions of features, as YAML has them."""

import re
from enum import StrEnum

from rules.documents.expressions import condition_text, read_expression
from rules.expressions.names import Names, fields
from rules.features.fields import HOUR_MS, PLACES, TEXT_BYTES, WHOLE, mistakes
from rules.forms import Form, Schema
from rules.mistakes import did_you_mean
from rules.model import (
    CAPACITY_DEFAULT,
    DISTINCT_CAPACITY_DEFAULT,
    EXACT_WINDOW_MS_MAX,
    Aggregate,
    FeatureDefinition,
)
from rules.words import NAME, is_name

CAPACITY_MAX = 65_536
TILES_DEFAULT = 60  # A whole number of hours always divides into sixty tiles of whole minutes.


class Current(StrEnum):
    """Whether the judged event counts in its own window."""

    INCLUDE = "include"
    EXCLUDE = "exclude"


def read_feature(form: Form, name: str) -> FeatureDefinition | None:
    """Read a definition; None where it has a mistake."""
    before = form.mistakes.count()
    definition = _read(form, name)
    _check_name(form, name)
    form.close()
    if form.mistakes.count() == before:
        for message in mistakes(definition):
            form.add(_key_in(form, message), message)
    return definition if form.mistakes.count() == before else None


def _read(form: Form, name: str) -> FeatureDefinition:
    by = _key_fields(form, "by")
    window_ms = form.duration("window") or 0
    hint = "`where` names fields of the transaction only"
    where = read_expression(form, "where", Names(), hint) if form.has("where") else None
    return FeatureDefinition(
        name=name,
        aggregate=form.choice("aggregate", Aggregate),
        of=_value_field(form),
        by=by,
        at=_key_fields(form, "at") if form.has("at") else by,
        window_ms=window_ms,
        tile_ms=_tile(form, window_ms),
        where=condition_text(form, "where") if where is not None else None,
        is_current_included=form.choice("current", Current, Current.INCLUDE) is Current.INCLUDE,
        capacity=form.whole("capacity", 1, CAPACITY_MAX, CAPACITY_DEFAULT),
        distinct_capacity=form.whole(
            "distinct_capacity", 1, CAPACITY_MAX, DISTINCT_CAPACITY_DEFAULT
        ),
    )


def _key_in(form: Form, message: str) -> str:
    """The key that a mistake of the whole definition is about."""
    keys = [key for key in ("tile", "at", "by", "window", "of") if form.has(key)]
    return next((key for key in keys if re.search(rf"\b{key}s?\b", message)), "aggregate")


def _check_name(form: Form, name: str) -> None:
    if not is_name(name):
        form.mistakes.add(form.table.place, form.path, f'"{name}" is no feature name', NAME)
    elif name in fields():
        message = f'"{name}" is a field of the transaction'
        form.mistakes.add(form.table.place, form.path, message, "choose another name")


def _key_fields(form: Form, key: str) -> tuple[str, ...]:
    for scalar in form.scalars(key):
        if scalar.text not in TEXT_BYTES:
            message = f'"{scalar.text}" is no field to group by'
            hint = did_you_mean(scalar.text, TEXT_BYTES)
            form.mistakes.add(scalar.place, form.called(key), message, hint)
    field: Schema = {"enum": sorted(TEXT_BYTES)}
    form.describe(key, {"anyOf": [field, {"type": "array", "items": field}]})
    return form.texts(key, required=False)


def _value_field(form: Form) -> str | None:
    field = form.optional_text("of")
    form.describe("of", {"enum": sorted([*TEXT_BYTES, WHOLE, *PLACES])})
    if field is not None and field not in fields():
        form.add("of", f'unknown field "{field}"', did_you_mean(field, fields()))
    return field


def _tile(form: Form, window_ms: int) -> int | None:
    if form.has("tile"):
        return form.duration("tile")
    if window_ms <= EXACT_WINDOW_MS_MAX or window_ms % HOUR_MS:
        return None
    return window_ms // TILES_DEFAULT
