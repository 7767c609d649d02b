"""Stocktaking: everything that a stack holds, gathered at one moment, counted and compared."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from analytics import reconciliation
from analytics.census import Census, Records, read_decision, read_log, rejections_of
from analytics.places import Places
from analytics.reached import ByCell, Mark, Reached
from analytics.reconciliation import DUPLICATED, INVENTED, LOST, UNREAD, Cell, Check, Found
from casework import alert_ids
from ledger import outcome_ids
from runtime.archive import active_files, read_files
from runtime.id_arrays import Folded, from_column
from runtime.postgres import connect

NAME = "watchkeeper-stocktaking"
SECONDS_MAX = 120


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """Distinct ids since the data folder was made; `duplicates` are further copies in the log.

    accepted = decided + dead letters; decided = posted + held + refused + declined = archived.
    """

    accepted: int
    decided: int
    posted: int
    held: int
    refused: int
    declined: int
    archived: int
    alerts: int
    dead_letters: int
    duplicates: int


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a stack holds and whether it agrees, up to the lowest watermark of each cell.

    `compared` is how many distinct ids each place has of what was compared; `lost` counts what
    should be somewhere and is not, `duplicated` what is there again, or was never sent.
    """

    totals: Totals
    watermarks: dict[str, ByCell]
    compared_until: ByCell
    compared: dict[str, int] = {}
    lost: int
    duplicated: int
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class Stock:
    """All of it; `until` is the lowest watermark of each cell."""

    cells: tuple[Cell, ...]
    statuses: Mapping[str, int]
    alerts: int
    watermarks: dict[str, ByCell]

    def totals(self) -> Totals:
        """How much there is."""
        accepted = [cell.accepted.ids for cell in self.cells]
        dead = sum(int(cell.is_dead.sum()) for cell in self.cells)
        distinct = _distinct(accepted)
        return Totals(
            accepted=distinct + dead,
            decided=_distinct([cell.decided.ids for cell in self.cells]),
            **{status: self.statuses.get(status, 0) for status in outcome_ids.STATUSES},
            archived=_distinct([cell.archived.ids for cell in self.cells]),
            alerts=self.alerts,
            dead_letters=dead,
            duplicates=sum(map(len, accepted)) - distinct,
        )

    def compared(self, until: ByCell) -> dict[str, int]:
        """How many distinct ids stand up to these positions, by place."""

        def count(found: Callable[[Cell], Found]) -> int:
            ids = [
                found(cell).between(cell.known_since(), until[str(cell.cell)]).ids
                for cell in self.cells
            ]
            return _distinct(ids)

        return {
            "accepted": count(lambda cell: cell.accepted),
            "decided": count(lambda cell: cell.decided),
            "booked": count(lambda cell: cell.outcomes),
            "archived": count(lambda cell: cell.archived),
        }

    def report(self) -> Report:
        """Whether it agrees."""
        until = lowest(self.watermarks)
        found = [
            check
            for cell in self.cells
            for check in reconciliation.checks(cell, until[str(cell.cell)])
        ]
        return Report(
            totals=self.totals(),
            watermarks=self.watermarks,
            compared_until=until,
            compared=self.compared(until),
            lost=reconciliation.count(found, LOST, UNREAD),
            duplicated=reconciliation.count(found, DUPLICATED, INVENTED),
            checks=tuple(found),
        )


def lowest(watermarks: Mapping[str, ByCell]) -> ByCell:
    """The position up to which every consumer has come, by cell."""
    consumers = [cells for name, cells in watermarks.items() if name != "log_end"]
    return {cell: min(cells[cell] for cells in consumers) for cell in watermarks["log_end"]}


def take_stock(places: Places) -> Stock:
    """Gather everything; what consumers reached is asked first, so that all up to it is there."""
    with connect(places.postgres, NAME, statement_seconds=SECONDS_MAX) as connection:
        reached = Reached.of(places, connection)
        taken = _census(places)
        outcomes = outcome_ids.outcome_ids(connection)
        alerts = alert_ids.alert_ids(connection)
        count = alert_ids.alert_count(connection)
    rows = _archived(places)
    cells = tuple(
        Cell(
            cell=cell,
            log=log,
            decisions=decisions,
            rejections=rejections,
            outcomes=_in_cell(outcomes, cell),
            archived=_archived_in(rows, cell, are_copies=False),
            copies=_archived_in(rows, cell, are_copies=True),
            alerts=_in_cell(alerts, cell),
        )
        for cell, (log, decisions, rejections) in enumerate(taken)
    )
    return Stock(cells, _statuses(outcomes), count, watermarks(reached, cells))


def watermarks(reached: Reached, cells: Sequence[Cell]) -> dict[str, ByCell]:
    """The position that each has passed: the scorer's own, where nothing waits for it."""
    names = ("scoring", "posting", "archiving", "alerting", "log_end")
    found: dict[str, ByCell] = {name: {} for name in names}
    for cell in cells:
        number, scored = cell.cell, cell.scored_until()
        name, decided, rejected = str(number), cell.decisions.end, cell.rejections.end
        buried = _passed(reached.buried(number), rejected, scored)
        found["scoring"][name] = scored
        found["posting"][name] = _passed(reached.posted(number), decided, scored)
        found["archiving"][name] = _passed(reached.archived(number), decided, scored)
        found["alerting"][name] = min(buried, _passed(reached.filed(number), decided, scored))
        found["log_end"][name] = cell.log.end
    return found


def _passed(mark: Mark, end: int, scored: int) -> int:
    position, next_offset = mark
    return scored if next_offset >= end else min(position, scored)


def _census(places: Places) -> list[tuple[Records, Records, Records]]:
    census, cells = Census(places.census, places.kafka), range(places.cells)
    with ThreadPoolExecutor(2) as threads:
        logs = threads.map(lambda cell: census.take(places.log, cell, read_log), cells)
        decided = threads.map(
            lambda cell: census.take(places.decisions, cell, read_decision), cells
        )
        found = list(zip(logs, decided, strict=True))
    # Last: of what stands before a decision that was seen, the rejection is seen too.
    read = rejections_of(places.log)
    return [
        (log, decisions, census.take(places.rejected, cell, read))
        for cell, (log, decisions) in enumerate(found)
    ]


def _archived(places: Places) -> pa.Table:
    return read_files(
        active_files(places.archive),
        ["cell", "position", "event_id", "duplicate_of", "amount_minor"],
    )


def _archived_in(rows: pa.Table, cell: int, *, are_copies: bool) -> Found:
    is_copy = pc.is_valid(rows.column("duplicate_of"))
    wanted = is_copy if are_copies else pc.invert(is_copy)
    found = rows.filter(pc.and_(wanted, pc.equal(rows.column("cell"), pa.scalar(cell))))
    return Found(
        found.column("position").to_numpy(),
        from_column(found.column("event_id")),
        found.column("amount_minor").to_numpy(),
    )


def _in_cell(rows: NDArray[np.void], cell: int) -> Found:
    mine, names = rows[rows["cell"] == cell], rows.dtype.names or ()
    pairs = np.ascontiguousarray(mine["event_id"]).view(">u8").reshape(-1, 2)
    amounts = mine["amount_minor"].astype(np.int64) if "amount_minor" in names else None
    return Found(mine["position"].astype(np.int64), pairs.astype(np.uint64), amounts)


def _statuses(outcomes: NDArray[np.void]) -> dict[str, int]:
    counts = np.bincount(outcomes["status"], minlength=len(outcome_ids.STATUSES) + 1)
    return {
        status.value: int(counts[number])
        for number, status in enumerate(outcome_ids.STATUSES, start=1)
    }


def _distinct(ids: Sequence[Folded]) -> int:
    ordered = np.sort(np.concatenate(ids))  # Several times as fast here as NumPy's hashing.
    return int((ordered[1:] != ordered[:-1]).sum()) + bool(len(ordered))
