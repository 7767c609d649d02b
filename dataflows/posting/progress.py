"""How far the cells of this process have come, for the loop that waits for them."""

from dataclasses import dataclass, field
from threading import Condition

WAKE_SECONDS = 0.5


@dataclass(slots=True)
class Progress:
    """The offset of each cell's decisions up to which everything is booked."""

    booked: dict[int, int] = field(default_factory=dict)
    moved: Condition = field(default_factory=Condition)

    def reach(self, cell: int, next_offset: int) -> None:
        """Everything below `next_offset` is booked."""
        with self.moved:
            self.booked[cell] = next_offset
            self.moved.notify_all()

    def wait_for(self, offsets: dict[int, int]) -> bool:
        """Whether all cells have come so far; waits a little for it."""
        with self.moved:
            return self.moved.wait_for(lambda: self._has_reached(offsets), WAKE_SECONDS)

    def _has_reached(self, offsets: dict[int, int]) -> bool:
        return all(self.booked.get(cell, -1) >= offset for cell, offset in offsets.items())
