"""A log in memory whose source sends turns, and crashes once before each batch that is named."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bytewax.inputs import AbortExecution, FixedPartitionedSource, StatefulSourcePartition

from dataflows.connectors import LogBatch, Read, key_of
from dataflows.epochs import Offsets

KEY = key_of(0)


@dataclass
class Turning(FixedPartitionedSource[Read, int | None]):
    """The source, for one run after the other."""

    batches: Sequence[LogBatch]
    crashes: set[int]
    are_written: Callable[[], bool]

    def list_parts(self) -> list[str]:
        return ["0"]

    def build_part(self, step_id: str, for_part: str, resume_state: int | None) -> "TurningPart":  # noqa: ARG002  (the engine's own signature)
        return TurningPart(self, Offsets(resume_state, self.are_written), resume_state or 0)


@dataclass
class TurningPart(StatefulSourcePartition[Read, int | None]):
    """Where it is in the log."""

    source: Turning
    offsets: Offsets
    at: int

    def next_batch(self) -> list[Read]:
        if self.at in self.source.crashes:
            self.source.crashes.remove(self.at)
            raise AbortExecution
        if self.offsets.is_last:
            raise StopIteration
        if self.at == len(self.source.batches):
            return [(KEY, turn) for turn in self.offsets.turns(0, KEY, is_last=True)]
        items: list[Read] = [(KEY, turn) for turn in self.offsets.turns(0, KEY)]
        self.at += 1
        return [*items, (KEY, self.source.batches[self.at - 1])]

    def snapshot(self) -> int | None:
        return self.offsets.snapshot(self.at)
