"""Following: new features observe history from its beginning, up to where the flow is.

What they know then is a function of the log alone: it does not matter who read it, or how often.
"""

import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from data_contracts.topics import Topic
from dataflows.scoring.history import NOTHING, Past, Place, Stretch, fields_of
from rules.features.blobs import ForeignSnapshot
from rules.features.columns import columns_of
from rules.features.plan import Plan
from rules.features.shard import FeatureShard, restored
from rules.model import FeatureDefinition
from rules.predicates import compile_masks

BATCH = 2_000
FORMAT = 1


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """Which features to fill, for which share of a cell's keys."""

    cell: int
    shard: int
    shards: int
    definitions: tuple[FeatureDefinition, ...]

    @property
    def keys(self) -> str:
        """The share of a cell's keys, in words for a file's name."""
        return f"cell-{self.cell}-shard-{self.shard}-of-{self.shards}"

    @property
    def name(self) -> str:
        """The name of its file: the same for the same task, whatever the features are called."""
        fingerprints = sorted({item.fingerprint() for item in self.definitions})
        digest = sha256("".join(fingerprints).encode()).hexdigest()[:16]
        return f"{self.keys}-{digest}"


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """A task, where its history is kept, and what it may take of a processor."""

    task: Task
    brokers: str
    decisions: Topic
    archive: str
    folder: str
    share: float

    @property
    def file(self) -> Path:
        """Where what was found is kept."""
        return Path(self.folder, f"{self.task.name}.state")

    @property
    def place(self) -> Place:
        """Where history is kept."""
        return Place(
            brokers=self.brokers,
            decisions=self.decisions,
            archive=Path(self.archive),
            cell=self.task.cell,
        )


@dataclass(frozen=True, slots=True)
class Followed:
    """Features that have observed all that was accepted up to a position."""

    position: int
    clock: int
    shard: FeatureShard


class Follower:
    """New features on their way through history."""

    def __init__(self, task: Task, begin: Followed | None = None) -> None:
        """Begin at the beginning, or go on from what is known."""
        plan = Plan.of(task.definitions)
        start = begin or Followed(NOTHING, 0, FeatureShard(plan, task.shard, task.shards))
        self.position, self.clock, self.shard = start.position, start.clock, start.shard
        self.shard.adopt(plan)
        self.masks = [compile_masks(group) for group in plan.condition_groups]
        self.fields = fields_of(plan)

    def follow(self, history: Past, until: int) -> Iterator[int]:
        """Observe on, as far as history is there; tells its position after each batch."""
        for stretch in history.read(self.position, until):
            for _ in self._observe(stretch):
                yield self.position
            self.position = max(self.position, stretch.until)
            yield self.position

    def _observe(self, stretch: Stretch) -> Iterator[None]:
        for start in range(0, len(stretch.positions), BATCH):
            batch = stretch.transactions[start : start + BATCH]
            columns = columns_of(self.shard.plan, batch, self.clock, self.masks)
            self.shard.observe(columns)
            self.clock = int(columns.clock[-1])
            self.position = stretch.positions[start + len(batch) - 1]
            yield

    def save(self, path: Path) -> None:
        """Keep what is known in a file, whole or not at all."""
        known: dict[str, Any] = {
            "format": FORMAT,
            "position": self.position,
            "clock": self.clock,
            "shard": self.shard.snapshot(),
        }
        draft = path.with_suffix(".draft")
        draft.write_bytes(pickle.dumps(known))
        draft.replace(path)


def load(path: Path) -> Followed | None:
    """What is known in a file, or None where there is none of this version."""
    try:
        known = pickle.loads(path.read_bytes())  # noqa: S301  (written by `save`, in our own folder)
        if known["format"] != FORMAT:
            return None
        return Followed(known["position"], known["clock"], restored(known["shard"]))
    except (FileNotFoundError, ForeignSnapshot):
        return None
