"""What each rule set says about quiet, by its hash; filled by the loop that reads the log."""

from dataclasses import dataclass, field
from threading import Condition, Event

import structlog

from casework.alerts import Suppressions
from casework.ports import Casebook
from casework.publications import suppressions

CHECK_SECONDS = 0.25
NONE: Suppressions = {}

log = structlog.get_logger()


@dataclass(slots=True)
class Progress:
    """How far the loop of control records has read each cell: others may wait for it."""

    stopped: Event
    next_offsets: dict[int, int] = field(default_factory=dict)
    changed: Condition = field(default_factory=Condition)

    def reach(self, cell: int, next_offset: int) -> None:
        """Say that everything before is filed."""
        if next_offset != self.next_offsets.get(cell):
            with self.changed:
                self.next_offsets[cell] = next_offset
                self.changed.notify_all()

    def wait_for(self, cell: int, position: int) -> None:
        """Return once the control records up to a position are filed, or all has to stop."""
        with self.changed:
            while self.next_offsets.get(cell, 0) <= position and not self.stopped.is_set():
                self.changed.wait(CHECK_SECONDS)


@dataclass(slots=True)
class RuleSets:
    """Looks up what was published; a decision may come before the record that it rests on."""

    casebook: Casebook
    progress: Progress
    known: dict[str, Suppressions] = field(default_factory=lambda: {"": NONE})

    def suppressions(self, rule_set: str, cell: int, position: int) -> Suppressions:
        """What the rule set of the decision at a position says; nothing, where it is lost."""
        if rule_set not in self.known:
            self.known[rule_set] = self._look_up(rule_set, cell, position)
        return self.known[rule_set]

    def _look_up(self, rule_set: str, cell: int, position: int) -> Suppressions:
        canonical = self.casebook.canonical(rule_set)
        if canonical is None:
            self.progress.wait_for(cell, position)
            canonical = self.casebook.canonical(rule_set)
        if canonical is None:
            log.warning("the log holds no such rule set: no alert is quiet", rule_set=rule_set)
            return NONE
        return suppressions(canonical)
