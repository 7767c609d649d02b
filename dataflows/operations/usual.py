"""What is usual: the mean of a tile for each entity, by hour of the week, hour of the day, lately.

Until a mean has seen as many tiles as it remembers it is the plain mean, then the last ones weigh
more and old ones fade. One odd tile moves a mean little: what is more than twice of it, or less
than half, is learned as twice or half.
"""

from collections.abc import Iterable

import msgspec

from rules.operation_rules import Usual

HOUR_MS = 3_600_000
MONDAY_MS = 4 * 24 * HOUR_MS  # 1970 began on a Thursday.
MEMORY_MS = {"w": 4 * HOUR_MS, "d": 7 * HOUR_MS, "r": HOUR_MS // 2}  # Four weeks, a week, lately.
SMALL = 10  # Twice of nearly nothing is nearly nothing: a tile may always bring so many.
ENTITIES_MAX = 5_000


class Mean(msgspec.Struct, array_like=True):
    """The mean of a tile, and how many tiles it was made of."""

    tiles: int = 0
    whole: float = 0.0
    part: float = 0.0

    def learn(self, whole: int, part: int, memory: float) -> None:
        """Take in one more tile."""
        weight = max(1 / (self.tiles + 1), 1 / memory)
        bounded = float(whole)
        if self.tiles:
            bounded = min(max(bounded, self.whole / 2), 2 * self.whole + SMALL)
        bounded_part = part * bounded / whole if whole else self.part * bounded / (self.whole or 1)
        self.tiles += 1
        self.whole += weight * (bounded - self.whole)
        self.part += weight * (bounded_part - self.part)


class Expected(msgspec.Struct, frozen=True):
    """What is usual for a window: `tiles` is the least that any part of it was made of."""

    whole: float
    part: float
    tiles: int


class Baseline(msgspec.Struct, kw_only=True):
    """The means of every entity that was ever seen."""

    tile_ms: int
    means: dict[str, dict[str, Mean]] = {}

    def entities(self) -> Iterable[str]:
        """Everything that has a usual, and so can be missed."""
        return self.means

    def learn(self, entity: str, tile: int, whole: int, part: int) -> None:
        """Take in a closed tile; beyond `ENTITIES_MAX` a new entity is not learned."""
        if entity not in self.means and (not whole or len(self.means) >= ENTITIES_MAX):
            return
        means = self.means.setdefault(entity, {})
        for name in self._names(tile):
            memory = MEMORY_MS[name[0]] / self.tile_ms
            means.setdefault(name, Mean()).learn(whole, part, memory)

    def forget_lately(self) -> None:
        """After an interruption there is no "lately"; the hours keep what they know."""
        for means in self.means.values():
            means.pop("r", None)

    def expected(
        self, entity: str, tiles: range, usual: Usual, least_tiles: float
    ) -> Expected | None:
        """What is usual for a window; the hour of the week where it is known well enough."""
        found = [self._mean(entity, tile, usual, least_tiles) for tile in tiles]
        means = [mean for mean in found if mean is not None]
        if len(means) < len(found):
            return None
        return Expected(
            sum(mean.whole for mean in means),
            sum(mean.part for mean in means),
            min(mean.tiles for mean in means),
        )

    def _mean(self, entity: str, tile: int, usual: Usual, least_tiles: float) -> Mean | None:
        means = self.means.get(entity, {})
        week, day, recent = self._names(tile)
        if usual is Usual.RECENT:
            return means.get(recent)
        of_week = means.get(week)
        if of_week is not None and of_week.tiles >= least_tiles:
            return of_week
        return means.get(day)

    def _names(self, tile: int) -> tuple[str, str, str]:
        hours = (tile * self.tile_ms - MONDAY_MS) // HOUR_MS
        return f"w{hours % 168}", f"d{hours % 24}", "r"
