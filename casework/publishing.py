"""Publishing by two persons: what is refused, and what a step back leads to. Pure functions."""

from collections.abc import Iterable, Sequence

from casework.values import PublishedSet
from data_contracts.control import BreakerRecord, Publishing
from rules.entries import Breakers


class UnknownProposal(LookupError):
    """Nobody has proposed this rule set."""


class OwnProposal(PermissionError):
    """The author of a rule set cannot be the one who approves it."""


class ApprovedBefore(ValueError):
    """The same person has approved this rule set before."""


def newest_by_cell(published: Iterable[PublishedSet]) -> dict[int, str]:
    """The rule set that decides in each cell, of publications in order of position."""
    return {each.cell: each.rule_set for each in published}


def one_before(published: Sequence[PublishedSet], cell: int = 0) -> PublishedSet | None:
    """What a step back leads to, of publications in order; None where nothing was before.

    A step back does not itself become something to go back to: two steps lead further back.
    """
    way: list[PublishedSet] = []
    for each in (each for each in published if each.cell == cell):
        places = [number for number, known in enumerate(way) if known.rule_set == each.rule_set]
        if each.act is Publishing.ROLLBACK and places:
            del way[places[-1] + 1 :]
        elif not way or way[-1].rule_set != each.rule_set:
            way.append(each)
    return way[-2] if len(way) > 1 else None


def tripped(records: Iterable[tuple[int, BreakerRecord]]) -> dict[tuple[int, str], BreakerRecord]:
    """The rules that a breaker holds in shadow, by cell and rule, each with the trip that did."""
    cells: dict[int, Breakers] = {}
    trips: dict[tuple[int, str], BreakerRecord] = {}
    for cell, record in records:
        breakers = cells.setdefault(cell, Breakers())
        breakers.take(record)
        place = cell, record.rule_id
        if record.rule_id in breakers.tripped:
            trips.setdefault(place, record)
        else:
            trips.pop(place, None)
    return trips
