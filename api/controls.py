"""Control records: the API puts them into the log, keeps them, and sees the scorer take them up."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from time import monotonic

import structlog

from api.books import at_hand
from api.ports import BooksAway
from api.services import Services
from casework.publications import publication_of
from data_contracts.codec import encode
from data_contracts.control import RECORDS, Control, ControlKind

TAKEN_UP_SECONDS_MAX = 20.0  # A scorer that is behind comes to it later.
LOOK_SECONDS = 0.02
LOOK_SHARE = 0.1  # Of the wait so far: each look costs the scorer a page of metrics.

_kinds: Mapping[type[Control], ControlKind] = {kind: name for name, kind in RECORDS.items()}
_log = structlog.get_logger("api")

Positions = dict[int, int]  # By cell.


@dataclass(frozen=True, slots=True)
class Controls:
    """Writes control records, each into every cell that it is for."""

    services: Services

    async def write(self, record: Control, cells: Iterable[int]) -> Positions:
        """Put a record into these cells; its positions once all are acknowledged."""
        kind, value = _kinds[type(record)], encode(record)
        positions: Positions = {}
        for cell in cells:
            place = await self.services.log.publish(cell, kind, value)
            positions[cell] = place.position
            publication = await asyncio.to_thread(
                publication_of, cell, place.position, kind, value, place.logged_at
            )
            try:
                async with at_hand():
                    await self.services.rule_book.keep([publication])
            except BooksAway:  # It stands in the log: whoever reads it there will keep it.
                _log.warning("not kept yet", kind=kind, cell=cell, position=place.position)
        return positions

    async def all_cells(self, record: Control) -> Positions:
        """Put a record into every cell; the first one, where people look, comes last.

        Where the log fails halfway the record is not seen there yet, and sending it again completes
        it.
        """
        positions = await self.write(record, reversed(range(self.services.cells)))
        return dict(sorted(positions.items()))

    async def taken_up(self, positions: Positions) -> float | None:
        """How many seconds until the scorer had taken all; None: there are none, or not yet."""
        began = monotonic()
        while positions:
            scored = await self.services.operation.scored()
            seconds = monotonic() - began
            if all(scored.get(cell, -1) >= position for cell, position in positions.items()):
                return seconds
            if seconds > TAKEN_UP_SECONDS_MAX:
                return None
            await asyncio.sleep(max(LOOK_SECONDS, seconds * LOOK_SHARE))
        return None
