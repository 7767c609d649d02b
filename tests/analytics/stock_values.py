"""Small stocks for the tests of the reconciliation: an id is a number."""

import numpy as np

from analytics.census import RECORD, Kind, Records
from analytics.reconciliation import Cell, Found

Entry = tuple[int, int, Kind]
"""Position, id, kind."""


def records(*entries: Entry, first_offset: int = 0, is_log: bool = False) -> Records:
    rows = np.zeros(len(entries), RECORD)
    for number, (position, identifier, kind) in enumerate(entries):
        offset = position if is_log else first_offset + number
        rows[number] = (offset, position, (identifier, identifier << 32), kind)
    end = int(rows["offset"][-1]) + 1 if len(rows) else 0
    return Records(rows, end)


def log(*entries: Entry) -> Records:
    return records(*entries, is_log=True)


def found(*places: tuple[int, int]) -> Found:
    pairs = [(identifier, identifier << 32) for _, identifier in places]
    return Found(
        np.array([position for position, _ in places], np.int64),
        np.array(pairs, np.uint64).reshape(-1, 2),
    )


def transactions(*positions: int) -> list[Entry]:
    return [(position, position + 100, Kind.TRANSACTION) for position in positions]


def approvals(*positions: int) -> list[Entry]:
    return [(position, position + 100, Kind.APPROVE) for position in positions]


def at(*positions: int) -> Found:
    return found(*((position, position + 100) for position in positions))


def worth(found: Found, *amounts: int) -> Found:
    """The same with an amount for each."""
    return Found(found.positions, found.pairs, np.array(amounts, np.int64))


def a_cell(**changes: Records | Found) -> Cell:
    """Three approved transactions that are everywhere."""
    parts: dict[str, Records | Found] = {
        "log": log(*transactions(0, 1, 2)),
        "decisions": records(*approvals(0, 1, 2)),
        "rejections": records(),
        "outcomes": at(0, 1, 2),
        "archived": at(0, 1, 2),
        "copies": found(),
        "alerts": found(),
    }
    return Cell(cell=0, **(parts | changes))  # type: ignore[arg-type]  # each as its name says
