"""The board on which the parts of a starting stack write how far they are."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from time import monotonic


class Stage(StrEnum):
    """How far a part is."""

    WAITING = "waiting"
    PREPARING = "preparing"
    STARTING = "starting"
    READY = "ready"
    FAILED = "failed"
    STOPPING = "stopping"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Line:
    """One part: its stage, since when (monotonic seconds), and a word on it."""

    stage: Stage
    since: float
    detail: str = ""


def _nobody(_name: str, _line: Line) -> None:
    pass


@dataclass(slots=True)
class Board:
    """One line per part; `told` hears of each change, from whatever thread makes it."""

    told: Callable[[str, Line], None] = _nobody
    lines: dict[str, Line] = field(default_factory=dict)

    def write(self, name: str, stage: Stage, detail: str = "") -> None:
        """Put a part's line up; the same stage again keeps its time."""
        before = self.lines.get(name)
        if before is not None and (before.stage, before.detail) == (stage, detail):
            return
        since = before.since if before is not None and before.stage is stage else monotonic()
        line = self.lines[name] = Line(stage, since, detail)
        self.told(name, line)
