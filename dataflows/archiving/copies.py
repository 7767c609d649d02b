"""Which ids were archived before: finds copies further apart than the scorer remembers.

Made from the archive, and brought up to it where it lags. 16 bytes an id, on disk and mapped.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from runtime.id_arrays import folded

CATCH_UP_IDS = 1_000_000
NEVER = np.iinfo(np.int64).max

Ids = NDArray[np.uint64]
Positions = NDArray[np.int64]


def short_ids(event_ids: Sequence[str]) -> Ids:
    """64 bits of each event id: two of 10^8 are alike by chance in one archive of 3,700."""
    raw = bytes.fromhex("".join(event_ids).replace("-", ""))
    return folded(np.frombuffer(raw, ">u8").reshape(-1, 2).astype(np.uint64))


def first_of(ids: Ids, positions: Positions) -> Positions:
    """For each of the given ids the lowest of the given positions at which it stands."""
    order = np.lexsort((positions, ids))
    at = order[np.searchsorted(ids[order], ids)]
    found: Positions = positions[at]
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """A copy further apart than `ids` stays unmarked; `watchkeeper ledger check` counts it too."""

    segment_ids: int = 4_000_000
    ids: int = 64_000_000


DEFAULT = Limits()


@dataclass(frozen=True, slots=True)
class _Segment:
    """Ids in order with their positions; `until` is the highest of these."""

    path: Path
    ids: Ids
    positions: Positions

    @property
    def until(self) -> int:
        return int(self.path.stem)

    def first(self, ids: Ids) -> Positions:
        at = np.searchsorted(self.ids, ids)
        at[at == len(self.ids)] = 0
        found: Positions = np.where(self.ids[at] == ids, self.positions[at], NEVER)
        return found


def _mapped(path: Path) -> _Segment:
    numbers = np.load(path, mmap_mode="r")
    return _Segment(path, numbers[0], numbers[1].view(np.int64))


def _written(folder: Path, ids: Ids, positions: Positions) -> _Segment:
    # Of equal ids the lowest position comes first, and is what a search finds.
    order = np.lexsort((positions, ids))
    path = folder / f"{positions.max():020d}.npy"
    unfinished = path.with_suffix(".unfinished")
    with unfinished.open("wb") as file:
        np.save(file, np.stack([ids[order], positions[order].view(np.uint64)]))
    unfinished.replace(path)
    return _mapped(path)


@dataclass(slots=True)
class Index:
    """The ids of one cell: few large segments and ever smaller ones, oldest first."""

    folder: Path
    segments: list[_Segment]
    limits: Limits

    @classmethod
    def open(cls, folder: Path, archived_until: int, limits: Limits = DEFAULT) -> "Index":
        """Take what is there; what goes further than the archive itself is thrown away."""
        folder.mkdir(parents=True, exist_ok=True)
        index = cls(folder, [_mapped(path) for path in sorted(folder.glob("*.npy"))], limits)
        for segment in [one for one in index.segments if one.until > archived_until]:
            index._drop(segment)
        return index

    @property
    def until(self) -> int:
        """The highest position that is known here, -1 where none is."""
        return self.segments[-1].until if self.segments else -1

    def first(self, ids: Ids) -> Positions:
        """The lowest position at which each id stood, or `NEVER`."""
        order = np.argsort(ids)
        ordered, found = ids[order], np.full(len(ids), NEVER, np.int64)
        for segment in self.segments:
            found[order] = np.minimum(found[order], segment.first(ordered))
        return found

    def add(self, ids: Ids, positions: Positions) -> None:
        """Remember more ids, all of them at higher positions than those before."""
        if not len(ids):
            return
        self.segments.append(_written(self.folder, ids, positions))
        while self._has_alike():
            self._merge(*self.segments[-2:])
        while sum(len(one.ids) for one in self.segments[1:]) >= self.limits.ids:
            self._drop(self.segments[0])

    def catch_up(self, until: int, read: Callable[[int, int], tuple[Ids, Positions]]) -> None:
        """Add what the archive holds beyond; `read` gives what lies from a position to another."""
        first = max(self.until + 1, until + 1 - self.limits.ids)
        for start in range(first, until + 1, CATCH_UP_IDS):
            self.add(*read(start, min(start + CATCH_UP_IDS, until + 1)))

    def _has_alike(self) -> bool:
        if len(self.segments) < 2:  # noqa: PLR2004  (two are needed to be alike)
            return False
        older, newer = (len(one.ids) for one in self.segments[-2:])
        return 2 * newer >= older and older + newer <= self.limits.segment_ids

    def _merge(self, older: _Segment, newer: _Segment) -> None:
        # The file takes the newer one's name: a crash before the drop leaves the older ids twice.
        merged = _written(
            self.folder,
            np.concatenate([older.ids, newer.ids]),
            np.concatenate([older.positions, newer.positions]),
        )
        self.segments[-1] = merged
        self._drop(older)

    def _drop(self, segment: _Segment) -> None:
        self.segments.remove(segment)
        segment.path.unlink()
