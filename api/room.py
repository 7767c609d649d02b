"""How many requests with bodies are inside at once: beyond that, come again later."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from api.problems import retry_later

INSIDE_MAX = 256


@dataclass(slots=True)
class Room:
    """Bounds the memory that bodies and waiting take."""

    places: int = INSIDE_MAX
    inside: int = 0

    @contextmanager
    def a_place(self) -> Iterator[None]:
        """Keep a place for the block, or refuse at once."""
        if self.inside >= self.places:
            raise retry_later("busy")
        self.inside += 1
        try:
            yield
        finally:
            self.inside -= 1
