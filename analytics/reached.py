"""How far each consumer has come, by its own store."""

from collections.abc import Mapping
from dataclasses import dataclass

from analytics.places import Places
from casework import alert_ids
from ledger import outcome_ids
from runtime.archive import marks
from runtime.postgres import Connection

ByCell = dict[str, int]

Mark = tuple[int, int]
"""The highest position applied, and the offset at which decisions are read on."""

NO_MARK: Mark = (-1, 0)


@dataclass(frozen=True, slots=True)
class Reached:
    """How far each consumer has come."""

    places: Places
    posting: Mapping[tuple[str, int], Mark]
    alerting: Mapping[tuple[str, int], Mark]
    archiving: Mapping[int, Mark]

    @classmethod
    def of(cls, places: Places, connection: Connection) -> "Reached":
        """Ask them."""
        archived = marks(places.archive, places.cells)
        return cls(
            places,
            outcome_ids.watermarks(connection),
            alert_ids.watermarks(connection),
            {cell: (mark.position, mark.next_offset) for cell, mark in archived.items()},
        )

    def posted(self, cell: int) -> Mark:
        """How far the books have come."""
        return self.posting.get((self.places.decisions.name, cell), NO_MARK)

    def archived(self, cell: int) -> Mark:
        """How far the archive has come."""
        return self.archiving.get(cell, NO_MARK)

    def filed(self, cell: int) -> Mark:
        """How far the alerts have come."""
        return self.alerting.get((self.places.decisions.name, cell), NO_MARK)

    def buried(self, cell: int) -> Mark:
        """How far the dead letters have come; the offset is one of the rejections."""
        return self.alerting.get((self.places.rejected.name, cell), NO_MARK)
