"""Modelines: the comment in a file's first line that tells an editor its schema."""

from collections.abc import Iterator
from os.path import relpath
from pathlib import Path

from rules.documents.catalogue import Layout
from rules.documents.schema import KINDS, schema_file, schema_text
from rules.mistakes import Mistake, Mistakes, Place

MARK = "# yaml-language-server: $schema="
FOLDER = "schema"


def files_of(layout: Layout) -> Iterator[tuple[Path, str]]:
    """The files of a catalogue, each with its kind."""
    yield from ((path, "rule") for path in layout.rule_files())
    yield from ((path, "list") for path in layout.list_files())
    for kind in ("features", "policy", "budget"):
        path = layout.around / f"{kind}.yaml"
        if path.is_file():
            yield path, kind


def check_modelines(folder: Path) -> list[Mistake]:
    """Warn of files that name no schema."""
    mistakes = Mistakes()
    for path, kind in files_of(Layout.of(folder)):
        first = path.read_text(encoding="utf-8", errors="replace").partition("\n")[0]
        if not first.startswith(MARK):
            hint = f"`watchkeeper rules schema` writes {MARK}…/{schema_file(kind)}"
            mistakes.warn(Place(str(path), 1, 1), "file", "editors are told no schema", hint)
    return mistakes.in_order()


def write_schemas(folder: Path) -> list[Path]:
    """Write the schemas beside a catalogue and name them in its files; returns what changed."""
    layout = Layout.of(folder)
    schemas = layout.around / FOLDER
    schemas.mkdir(exist_ok=True)
    changed = [
        path for kind in KINDS if _write(path := schemas / schema_file(kind), schema_text(kind))
    ]
    for path, kind in files_of(layout):
        text = path.read_text(encoding="utf-8")
        if not text.startswith(MARK) and _write(path, modeline(path, schemas, kind) + text):
            changed.append(path)
    return changed


def modeline(path: Path, schemas: Path, kind: str) -> str:
    """The line for a file, with the way from it to the schemas."""
    return f"{MARK}{relpath(schemas / schema_file(kind), path.parent)}\n"


def _write(path: Path, text: str) -> bool:
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return False
    path.write_text(text, encoding="utf-8")
    return True
