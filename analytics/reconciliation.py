"""Do log, decisions, books, archive and alerts agree? By id; pure functions over arrays."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from analytics.census import Kind, Records
from runtime.id_arrays import Folded, Pairs, folded, text

OFFENDERS_MAX = 10
SCORER_MEMORY = 1_000_000
"""Copies of an id that stand further apart in the log are decided again, and settled later."""

Mask = NDArray[np.bool_]
Positions = NDArray[np.int64]
Amounts = NDArray[np.int64]


class Offender(msgspec.Struct, frozen=True):
    """Where in the log, and which."""

    cell: int
    position: int
    event_id: str


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """A claim about ids, how many break it, and the first of them; `kind` sums them up."""

    kind: str
    claim: str
    count: int
    offenders: tuple[Offender, ...]

    @property
    def holds(self) -> bool:
        """Nobody offends."""
        return self.count == 0


@dataclass(frozen=True)
class Found:
    """Ids that a store holds, with their positions, and the amounts where they are compared."""

    positions: Positions
    pairs: Pairs
    amounts: Amounts | None = None

    @cached_property
    def ids(self) -> Folded:
        """The ids in 64 bits."""
        return folded(self.pairs)

    def where(self, mask: Mask) -> "Found":
        """Some of them."""
        amounts = None if self.amounts is None else self.amounts[mask]
        return Found(self.positions[mask], self.pairs[mask], amounts)

    def between(self, first: int, last: int) -> "Found":
        """Those from a position up to another."""
        return self.where((self.positions >= first) & (self.positions <= last))


NOTHING = Found(np.empty(0, np.int64), np.empty((0, 2), np.uint64))


@dataclass(frozen=True, kw_only=True)
class Cell:
    """Everything that is known of a cell; `archived` leaves out what is marked as a later copy."""

    cell: int
    log: Records
    decisions: Records
    rejections: Records
    outcomes: Found
    archived: Found
    copies: Found
    alerts: Found

    @cached_property
    def is_dead(self) -> Mask:
        """Which messages of the log were rejected."""
        dead: Mask = np.isin(self.log.positions, self.rejections.positions)
        found: Mask = dead & (self.log.kinds != Kind.CONTROL)
        return found

    @cached_property
    def accepted(self) -> Found:
        """The transactions that stand in the log and were not rejected, copies too."""
        readable = (self.log.kinds == Kind.TRANSACTION) & ~self.is_dead
        return _found(self.log, readable)

    @cached_property
    def unreadable(self) -> Found:
        """What stands in the log, is no transaction, and was not rejected."""
        return _found(self.log, (self.log.kinds == Kind.UNREADABLE) & ~self.is_dead)

    @cached_property
    def decided(self) -> Found:
        """The decisions; what was sent twice counts once."""
        found = _found(self.decisions, self.decisions.kinds != Kind.UNREADABLE)
        _, first = np.unique(found.positions, return_index=True)
        return Found(found.positions[first], found.pairs[first])

    @cached_property
    def stored(self) -> Found:
        """All that is in the archive, marked copies too."""
        return Found(
            np.concatenate([self.archived.positions, self.copies.positions]),
            np.concatenate([self.archived.pairs, self.copies.pairs]),
        )

    @cached_property
    def alarming(self) -> Found:
        """The decisions that somebody has to look at."""
        kinds = self.decisions.kinds
        return _found(self.decisions, (kinds == Kind.REVIEW) | (kinds == Kind.DECLINE))

    def known_since(self) -> int:
        """The first position of which all is known; what the broker forgot earlier is left out."""
        log, decisions = self.log.rows, self.decisions.rows
        is_cut = len(decisions) and decisions["offset"][0] > 0
        first_decided = int(decisions["position"][0]) + 1 if is_cut else 0
        return max(int(log["offset"][0]) if len(log) else 0, first_decided)

    def scored_until(self) -> int:
        """The highest position up to which the scorer has said all that it has to say.

        Decisions leave in order, so what is missing before the last one is lost, not late. Behind
        it come control records and copies, of which the scorer says nothing, and dead letters.
        """
        highest = int(self.decisions.positions.max(initial=-1))
        tail = self.log.positions > highest
        positions, ids = self.log.positions[tail], self.log.ids[tail]
        settled = (self.log.kinds[tail] == Kind.CONTROL) | np.isin(ids, self.decided.ids)
        settled |= np.isin(positions, self.rejections.positions)
        waiting = positions[~settled]
        return int(waiting.min()) - 1 if len(waiting) else max(highest, self.log.end - 1)


def _found(records: Records, mask: Mask) -> Found:
    return Found(records.positions[mask], records.pairs[mask])


UNREAD, LOST, INVENTED, DUPLICATED = "unread", "lost", "invented", "duplicated"
CHANGED = "changed"


def checks(cell: Cell, until: int) -> list[Check]:
    """Every claim that must hold of what stands up to a position."""
    claims = [
        *_nothing_lost(cell),
        *_nothing_invented(cell),
        *_nothing_twice(cell),
        (
            CHANGED,
            "An amount is the same in the books and in the archive",
            _changed(cell.archived, cell.outcomes),
        ),
    ]
    since = cell.known_since()
    return [
        _check(cell.cell, kind, claim, found.between(since, until)) for kind, claim, found in claims
    ]


Claim = tuple[str, str, Found]


def _nothing_lost(cell: Cell) -> list[Claim]:
    return [
        (UNREAD, "What cannot be read is a dead letter", cell.unreadable),
        (LOST, "What was accepted is decided", _missing(cell.accepted, cell.decided)),
        (LOST, "What was decided is in the books", _missing(cell.decided, cell.outcomes)),
        (LOST, "What was decided is in the archive", _missing(cell.decided, cell.stored)),
        (LOST, "What was held or declined has its alert", _missing(cell.alarming, cell.alerts)),
    ]


def _nothing_invented(cell: Cell) -> list[Claim]:
    return [
        (INVENTED, "What was decided was accepted", _missing(cell.decided, cell.accepted)),
        (INVENTED, "What is in the books was decided", _missing(cell.outcomes, cell.decided)),
        (INVENTED, "What is in the archive was decided", _missing(cell.stored, cell.decided)),
        (INVENTED, "What raised an alert asked for one", _missing(cell.alerts, cell.alarming)),
    ]


def _nothing_twice(cell: Cell) -> list[Claim]:
    return [
        (DUPLICATED, "An id is decided once", _decided_again(cell.decided)),
        (DUPLICATED, "A position is archived once", _again(cell.stored, cell.stored.positions)),
        (
            DUPLICATED,
            "An id is in the archive once, or marked as a copy",
            _again(cell.archived, cell.archived.ids),
        ),
        (DUPLICATED, "An id has one outcome", _again(cell.outcomes, cell.outcomes.ids)),
        (DUPLICATED, "An id has one alert", _again(cell.alerts, cell.alerts.ids)),
    ]


def _check(cell: int, kind: str, claim: str, offenders: Found) -> Check:
    first = np.argsort(offenders.positions, kind="stable")[:OFFENDERS_MAX]
    return Check(
        kind=kind,
        claim=claim,
        count=len(set(offenders.positions.tolist())),
        offenders=tuple(
            Offender(cell, int(offenders.positions[at]), text(offenders.pairs[at])) for at in first
        ),
    )


def count(found: Sequence[Check], *kinds: str) -> int:
    """How many offend against the claims of these kinds."""
    return sum(check.count for check in found if check.kind in kinds)


def _missing(these: Found, among: Found) -> Found:
    return these.where(~np.isin(these.ids, among.ids))


def _changed(these: Found, among: Found) -> Found:
    if these.amounts is None or among.amounts is None or not len(among.ids):
        return NOTHING
    order = np.argsort(among.ids)
    at = order[np.searchsorted(among.ids, these.ids, sorter=order) % len(order)]
    is_known = among.ids[at] == these.ids
    return these.where(is_known & (among.amounts[at] != these.amounts))


def _again(found: Found, keys: NDArray[Any]) -> Found:
    _, first = np.unique(keys, return_index=True)
    is_first = np.zeros(len(keys), np.bool_)
    is_first[first] = True
    return found.where(~is_first)


def _decided_again(decided: Found) -> Found:
    ids = decided.ids
    order = np.lexsort((decided.positions, ids))
    ids, positions = ids[order], decided.positions[order]
    is_near = np.zeros(len(ids), np.bool_)
    is_near[1:] = (ids[1:] == ids[:-1]) & (positions[1:] - positions[:-1] <= SCORER_MEMORY)
    return Found(positions, decided.pairs[order]).where(is_near)
