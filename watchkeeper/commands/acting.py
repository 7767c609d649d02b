"""Who acts at the API: the person named with `--as`, or whoever is logged in."""

from datetime import UTC, datetime
from pathlib import Path

from watchkeeper.person import Person
from watchkeeper.settings import data_folder
from watchkeeper.stack.descriptor import load


def acting(data: Path | None, role: str, name: str | None = None) -> Person:
    """That person in a role, with a token of their own."""
    descriptor = load(data_folder(data))
    return Person(descriptor=descriptor, role=role, now=datetime.now(UTC), name=name)
