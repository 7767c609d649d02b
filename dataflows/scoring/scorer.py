"""One cell's scoring in one piece: what the flow does, without the engine."""

from collections.abc import Iterable
from typing import Any

from data_contracts import codec
from data_contracts.control import ControlKind, FeatureWarmRecord
from dataflows.connectors import Letter, LogBatch
from dataflows.scoring.changes import Changed
from dataflows.scoring.decisions import Decided, Judge
from dataflows.scoring.intake import Accepted, Intake
from dataflows.scoring.topics import Topics
from dataflows.scoring.warm_start import WarmStart
from dataflows.scoring.warmers import NoHistory, Warmer
from rules.features.blobs import ForeignSnapshot
from rules.features.memory import Answers, Ints
from rules.features.plan import Plan
from rules.features.shard import FeatureShard, restored
from rules.model import RuleSet

FORMAT = 3
Snapshot = dict[str, Any]


class Scorer:
    """Intake, features and rules over the items of a log, one after the other."""

    def __init__(self, topics: Topics, warmer: Warmer | None = None) -> None:
        """Begin at the beginning of a log; without a warmer, what is taken up later stays null."""
        self.topics, self.warmer = topics, warmer or NoHistory()
        self.intake = Intake(topics.log, topics.rejected)
        self.judge = Judge(topics.decisions)
        self._own(FeatureShard(Plan.of(())))

    def _own(self, features: FeatureShard) -> None:
        self.features = features
        self.warm_start = WarmStart(features, self.warmer)

    def score(self, batch: LogBatch) -> Decided:
        """Take the next item of the log to its end."""
        taken = self.intake.take(batch)
        if (plan := new_plan(taken.work)) is not None:
            self.warm_start.take_up(batch.cell, plan)
        if (definition := switched_on(taken.work)) is not None:
            self.warm_start.switch_on(definition)
        if taken.columns is None or isinstance(taken.work, Changed):
            return settled(self.judge, taken.work, None, None)
        answers = self.features.observe(taken.columns)
        self.warm_start.observed(taken.work.positions, taken.columns)
        return settled(self.judge, taken.work, taken.columns.clock, answers)

    def records(self) -> list[Letter]:
        """Look after features that warm; answers the records that switch some of them on."""
        if not self.warm_start.is_busy:
            return []
        self.warm_start.look()
        return list(warm_records(self.topics, self.judge.plan, self.warm_start.news()))

    def snapshot(self) -> Snapshot:
        """All of it as plain values."""
        return {
            "format": FORMAT,
            "intake": self.intake.snapshot(),
            "features": self.features.snapshot(),
            "warm_start": self.warm_start.snapshot(),
            "judge": self.judge.snapshot(),
        }

    def restore(self, snapshot: Snapshot) -> None:
        """Go on from a snapshot."""
        check(snapshot)
        self.intake.restore(snapshot["intake"])
        self._own(restored(snapshot["features"]))
        self.warm_start.restore(snapshot["warm_start"])
        self.judge.restore(snapshot["judge"])


def new_plan(work: Accepted | Changed) -> Plan | None:
    """The features that a control record takes up, if it does."""
    if isinstance(work, Changed) and isinstance(work.change, RuleSet):
        return Plan.of(work.change.features)
    return None


def switched_on(work: Accepted | Changed) -> str | None:
    """The feature (by fingerprint) that a control record switches on, if it does."""
    if isinstance(work, Changed) and isinstance(work.change, FeatureWarmRecord):
        return work.change.definition
    return None


def warm_records(topics: Topics, plan: Plan, definitions: Iterable[str]) -> Iterable[Letter]:
    """The control records that switch features on."""
    names = {feature.fingerprint: feature.definition.name for feature in plan.features}
    for definition in definitions:
        record = FeatureWarmRecord(feature=names[definition], definition=definition)
        yield Letter(topics.log, codec.encode(record), kind=ControlKind.FEATURE_WARM)


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
