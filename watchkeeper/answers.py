"""Answers of the archive on the screen, as JSON and as CSV."""

import csv
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, TextIO

import msgspec
import pyarrow as pa
from rich.console import Console
from rich.table import Table
from rich.text import Text

from analytics.archive_views import View
from analytics.sql import Column

WIDTH_OF_A_FILE = 10_000
"""So wide is a table that no person looks at: nothing in it is cut."""

_NEEDLESS_ZEROS = re.compile(r"(?<=\.\d\d)0+$")
FORMULA = ("=", "+", "-", "@", "\t", "\r")

_encode = msgspec.json.Encoder(decimal_format="number").encode


def console() -> Console:
    """The screen, or a file that standard output goes to."""
    found = Console(highlight=False)
    return found if found.is_terminal else Console(highlight=False, width=WIDTH_OF_A_FILE)


def as_json(table: pa.Table) -> str:
    """The rows as one line."""
    return _encode(table.to_pylist()).decode()


def write_csv(table: pa.Table, file: TextIO) -> None:
    """The rows for a spreadsheet: what is nested is JSON, and no text becomes a formula."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(table.column_names)
    for row in table.to_pylist():
        writer.writerow([_cell(value) for value in row.values()])


def as_table(table: pa.Table) -> Table:
    """The rows for a person."""
    shown = Table(header_style="bold", box=None, pad_edge=False)
    for field in table.schema:
        shown.add_column(field.name, justify="right" if _is_number(field.type) else "left")
    for row in table.to_pylist():
        shown.add_row(
            *(Text("null", "dim") if value is None else _text(value) for value in row.values())
        )
    return shown


def of_view(view: View, columns: Sequence[Column]) -> Text:
    """A view with its meaning and its columns."""
    found = Text.assemble((view.name, "bold cyan"), "  ", (view.meaning, "italic"), "\n  ")
    for number, column in enumerate(columns):
        found.append(", " if number else "")
        found.append(column.name)
        found.append(f" {_short(column.type)}", "dim")
    return found.append("\n")


def views_as_json(views: Mapping[View, Sequence[Column]]) -> str:
    """Views and columns as one line."""
    return _encode(
        [
            {
                "view": view.name,
                "meaning": view.meaning,
                "columns": {column.name: column.type for column in columns},
            }
            for view, columns in views.items()
        ]
    ).decode()


def note(text: str) -> None:
    """A word beside the answer, which stays out of what a program reads."""
    Console(stderr=True, highlight=False).print(Text(text, "dim"))


def _is_number(kind: pa.DataType) -> bool:
    return pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)


def _text(value: Any) -> Text:  # noqa: ANN401  (whatever a column holds)
    if isinstance(value, list | dict):
        return Text(_encode(value).decode())
    if isinstance(value, bool):
        return Text(str(value).lower())
    if isinstance(value, Decimal):
        return Text(_NEEDLESS_ZEROS.sub("", str(value)))
    return Text(str(value).removesuffix("+00:00"))


def _cell(value: Any) -> Any:  # noqa: ANN401  (see above)
    if isinstance(value, list | dict):
        return _encode(value).decode()
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return value.isoformat() if hasattr(value, "isoformat") else value


def _short(kind: str) -> str:
    name = kind.replace("TIMESTAMP WITH TIME ZONE", "timestamp").replace("VARCHAR", "text")
    return "struct[]" if name.startswith("STRUCT") and name.endswith("[]") else name.casefold()
