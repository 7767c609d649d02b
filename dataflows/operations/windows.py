"""Tiles of time with totals by entity; windows are made of closed tiles, whole ones only."""

from collections.abc import Iterator

import msgspec

Totals = list[int]  # whole, part

GAP_MS_MAX = 31 * 86_400_000  # A longer jump is a wrong clock or a new life: begin anew.


class Windows(msgspec.Struct, kw_only=True):
    """Tumbling and sliding windows of one stream: tile number → entity → totals.

    Tiles below `open_from` are closed; those that the longest window still needs are kept.
    """

    tile_ms: int
    kept: int
    open_from: int | None = None
    tiles: dict[int, dict[str, Totals]] = {}
    late: int = 0

    def add(self, tile: int, entity: str, whole: int, part: int) -> None:
        """Count, or note as late what belongs to a tile that is closed."""
        if self.open_from is None:
            self.open_from = tile - 1  # Its elder neighbour may still be on the way.
        if tile < self.open_from:
            self.late += whole
            return
        totals = self.tiles.setdefault(tile, {}).setdefault(entity, [0, 0])
        totals[0] += whole
        totals[1] += part

    def close(self, watermark_ms: int) -> Iterator[int]:
        """Close every tile that ends by the watermark, in order; yields each once it is closed."""
        limit = watermark_ms // self.tile_ms
        if self.open_from is None:
            return
        if limit - self.open_from > GAP_MS_MAX // self.tile_ms:
            self.open_from = limit - self.kept
        while self.open_from < limit:
            number = self.open_from
            self.open_from += 1
            yield number
            self._forget(number + 2 - self.kept)  # The next window begins there.

    def _forget(self, below: int) -> None:
        for number in [number for number in self.tiles if number < below]:
            del self.tiles[number]

    def total(self, newest: int, count: int, entity: str) -> Totals:
        """The totals of one entity over `count` tiles up to `newest`."""
        whole = part = 0
        for number in range(newest - count + 1, newest + 1):
            found = self.tiles.get(number, {}).get(entity)
            if found is not None:
                whole, part = whole + found[0], part + found[1]
        return [whole, part]
