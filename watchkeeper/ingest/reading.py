"""Read mapping files: all mistakes at once, each with its place and its mend."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from pathlib import Path

import msgspec

from data_contracts.transaction import TransactionRequest
from rules.forms import Form, read_form
from rules.located_yaml import Scalar
from rules.mistakes import Mistakes, did_you_mean
from watchkeeper.errors import Failure
from watchkeeper.ingest.mapping import (
    FILE_MARK,
    Column,
    Constant,
    Mapping,
    Moment,
    Origin,
    Scaled,
    Template,
    TimeForm,
)

MAPPINGS_FOLDER = "mappings"
_HOLE = re.compile(r"\{([^{}]*)\}")
_KINDS = ("constant", "column", "template")
_TYPES = {item.name: item.type for item in msgspec.structs.fields(TransactionRequest)}
_OURS = "transaction_id"
_REQUIRED = tuple(
    item.name
    for item in msgspec.structs.fields(TransactionRequest)
    if item.required and item.name != _OURS
)
_FIELDS = tuple(name for name in _TYPES if name != _OURS)


class WrongMapping(Failure):
    """The mapping file cannot be used; the message names every mistake in it."""


def shipped() -> Iterator[Mapping]:
    """The mappings that come with the project."""
    folder = Path(str(files("watchkeeper.ingest"))) / MAPPINGS_FOLDER
    for path in sorted(folder.glob("*.yaml")):
        yield read_mapping(path, None)


def recognised(columns: Collection[str]) -> Mapping:
    """The shipped mapping whose columns all stand in the file; the one that knows the most."""
    known = list(shipped())
    fitting = [mapping for mapping in known if set(mapping.recognise) <= set(columns)]
    if not fitting:
        raise Failure(
            f"No mapping that comes with Watchkeeper knows a file with {', '.join(columns)}.",
            "Write one and name it with --mapping; docs/ingest.md shows how. Known are: "
            + "; ".join(f"{mapping.name} ({', '.join(mapping.recognise)})" for mapping in known),
        )
    return max(fitting, key=lambda mapping: len(mapping.recognise))


def read_mapping(path: Path, columns: Collection[str] | None) -> Mapping:
    """Read a mapping for a file with these columns (None: whichever it asks for)."""
    mistakes = Mistakes()
    try:
        form = read_form(path, str(path), mistakes)
    except OSError as error:
        raise WrongMapping(
            f"{path} cannot be read: {error.strerror}.", "Check the name after --mapping."
        ) from None
    mapping = None if form is None else _mapping(form, columns)
    if mapping is None or mistakes.count():
        shown = "\n".join(mistake.shown() for mistake in mistakes.in_order())
        raise WrongMapping(f"The mapping has mistakes.\n{shown}", "Mend them and try again.")
    return mapping


def _mapping(form: Form, columns: Collection[str] | None) -> Mapping:
    recognise = form.texts("recognise", required=False)
    fields = form.form("fields")
    mapping = Mapping(
        name=form.text("name"),
        title=form.text("title"),
        recognise=recognise,
        fields={} if fields is None else _fields(fields, columns),
    )
    form.close()
    return mapping


def _fields(form: Form, columns: Collection[str] | None) -> dict[str, Origin]:
    found: dict[str, Origin] = {}
    for name, entry in form.table.entries.items():
        form.asked.add(name)
        if name == _OURS:
            hint = "leave it out: ids are made from the file and the row, so a retry adds nothing"
            form.mistakes.add(entry.key, form.called(name), "is not for a mapping to say", hint)
        elif name not in _TYPES:
            hint = did_you_mean(name, _FIELDS)
            form.mistakes.add(entry.key, form.called(name), f'there is no field "{name}"', hint)
        elif (origin := form.form(name)) is not None:
            read = _Origin(name, origin, columns).read()
            if read is not None:
                found[name] = read
    for name in _REQUIRED:
        if not form.has(name):
            form.missing(name, "every transaction needs it")
    return found


@dataclass(frozen=True, slots=True)
class _Origin:
    field: str
    form: Form
    columns: Collection[str] | None

    def read(self) -> Origin | None:
        """The origin, or None where a mistake was noted instead."""
        kinds = [kind for kind in _KINDS if self.form.has(kind)]
        if len(kinds) != 1:
            place, called = self.form.table.place, self.form.path
            self.form.mistakes.add(place, called, "say one of constant, column, template")
            return None
        origin = {"constant": self._constant, "column": self._column, "template": self._template}
        found = origin[kinds[0]]()
        self.form.close()
        return found

    def _constant(self) -> Origin | None:
        scalar = self.form.scalar("constant")
        if scalar is None or scalar.value is None:
            return None
        value = scalar.text if isinstance(scalar.value, bool) else scalar.value
        kind = _TYPES[self.field]
        try:
            msgspec.convert(value, kind)
        except msgspec.ValidationError as error:
            self.form.add("constant", f"no {self.field}: {error}", self._choices(scalar))
            return None
        return Constant(value)

    def _choices(self, scalar: Scalar) -> str:
        kind = _TYPES[self.field]
        for part in getattr(kind, "__args__", (kind,)):
            if hasattr(part, "__members__"):
                return did_you_mean(scalar.text, [str(member) for member in part])
        return ""

    def _template(self) -> Origin | None:
        scalar = self.form.scalar("template")
        if scalar is None:
            return None
        holes = tuple(_HOLE.findall(scalar.text))
        if not holes or "{" in _HOLE.sub("", scalar.text):
            self.form.add("template", "name at least one column, as in shop-{SHOP}")
        for hole in holes:
            if hole != FILE_MARK:
                self._check_column("template", hole)
        return Template(scalar.text, holes)

    def _column(self) -> Origin | None:
        column = self.form.text("column")
        if column:
            self._check_column("column", column)
        if self.field == "occurred_at":
            return self._moment(column)
        if self.field == "amount_minor":
            return self._amount(column)
        return Column(column, self._values())

    def _amount(self, column: str) -> Scaled:
        scale = self.form.number("scale", 1e-6, 1e6, 1.0)
        skips_zero = self.form.has("skip_zero") and self.form.truth("skip_zero")
        return Scaled(column, scale, skips_zero)

    def _moment(self, column: str) -> Moment:
        form = self.form.choice("time", TimeForm, TimeForm.UTC)
        is_day = form is TimeForm.DAY_NUMBER
        start = self.form.scalar("start", required=is_day)
        step = self.form.duration("step", required=False)
        for key in ("start", "step"):
            if self.form.has(key) and not is_day:
                self.form.add(key, "only with time: day-number", "take it out")
        first = date(1970, 1, 1)
        if start is not None:
            try:
                first = date.fromisoformat(start.text)
            except ValueError:
                self.form.add("start", f'no date: "{start.text}"', "write it as 2026-01-31")
        return Moment(column, form, first, (step or 0) // 1_000)

    def _values(self) -> dict[str, str] | None:
        form = self.form.form("values", required=False)
        if form is None:
            return None
        return {key: form.text(key) for key in form.table.entries}

    def _check_column(self, key: str, column: str) -> None:
        if self.columns is not None and column not in self.columns:
            hint = did_you_mean(column, self.columns)
            self.form.add(key, f'the file has no column "{column}"', hint)
