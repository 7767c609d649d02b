"""One cell's scoring in one piece: what the flow does, without the engine."""

from typing import Any

from dataflows.connectors import LogBatch
from dataflows.scoring.changes import Changed
from dataflows.scoring.decisions import Decided, Judge
from dataflows.scoring.intake import Accepted, Intake
from dataflows.scoring.topics import Topics
from rules.features.blobs import ForeignSnapshot
from rules.features.memory import Answers, Ints
from rules.features.plan import Plan
from rules.features.shard import FeatureShard, restored
from rules.model import RuleSet

FORMAT = 2
Snapshot = dict[str, Any]


class Scorer:
    """Intake, features and rules over the items of a log, one after the other."""

    def __init__(self, topics: Topics) -> None:
        """Begin at the beginning of a log."""
        self.intake = Intake(topics.log, topics.rejected)
        self.judge = Judge(topics.decisions)
        self.features = FeatureShard(Plan.of(()))

    def score(self, batch: LogBatch) -> Decided:
        """Take the next item of the log to its end."""
        taken = self.intake.take(batch)
        if (plan := new_plan(taken.work)) is not None:
            self.features.adopt(plan)
        if taken.columns is None:
            return settled(self.judge, taken.work, None, None)
        answers = self.features.observe(taken.columns)
        return settled(self.judge, taken.work, taken.columns.clock, answers)

    def snapshot(self) -> Snapshot:
        """All of it as plain values."""
        return {
            "format": FORMAT,
            "intake": self.intake.snapshot(),
            "features": self.features.snapshot(),
            "judge": self.judge.snapshot(),
        }

    def restore(self, snapshot: Snapshot) -> None:
        """Go on from a snapshot."""
        check(snapshot)
        self.intake.restore(snapshot["intake"])
        self.features = restored(snapshot["features"])
        self.judge.restore(snapshot["judge"])


def new_plan(work: Accepted | Changed) -> Plan | None:
    """The features that a control record takes up, if it does."""
    if isinstance(work, Changed) and isinstance(work.change, RuleSet):
        return Plan.of(work.change.features)
    return None


def settled(
    judge: Judge, work: Accepted | Changed, clock: Ints | None, answers: Answers | None
) -> Decided:
    """What an item of the log comes to in the end; without transactions there are no answers."""
    if isinstance(work, Changed):
        judge.change(work)
        return Decided(work.cell, work.until, ())
    if clock is None or answers is None:
        return Decided(work.cell, work.until, work.rejections)
    return judge.decide(work, clock, answers)


def check(snapshot: Snapshot) -> None:
    """Refuse what another version wrote."""
    if snapshot["format"] != FORMAT:
        raise ForeignSnapshot("scoring", snapshot["format"], FORMAT)
