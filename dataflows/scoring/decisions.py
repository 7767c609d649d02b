"""Decisions: what features and rules say of a batch, encoded around the transactions' own bytes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import msgspec
import numpy as np

from data_contracts import codec
from data_contracts.control import FeatureWarmRecord
from data_contracts.decision import SCORE_MAX, ListHit, RuleHit, Verdict
from data_contracts.topics import Topic
from dataflows.connectors import Letter
from dataflows.scoring.batch_ids import as_bytes, derived_ids
from dataflows.scoring.changes import Changed
from dataflows.scoring.intake import Accepted
from dataflows.scoring.seen import FLAGS, Seen
from dataflows.scoring.writing import Rows, Shape, Writer
from rules.entries import Changes
from rules.evaluation import NOTHING, Judgement, compile_rule_set
from rules.features.memory import Answers, Ints
from rules.features.messages import Messages
from rules.features.plan import Plan
from rules.model import Policy, RuleSet
from rules.rule_set import from_canonical
from rules.screening import screening_of

_NO_RULES = RuleSet(policy=Policy(review_at=SCORE_MAX + 1, decline_at=SCORE_MAX + 1))


class Said(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What a `Decision` says of a transaction, field by field as there."""

    verdict: Verdict
    score: int
    rule_set: str
    hits: tuple[RuleHit, ...] = ()
    shadow_hits: tuple[RuleHit, ...] = ()
    list_hit: ListHit | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """The letters of an item of the log up to `position`, and what is counted of them."""

    cell: int
    position: int
    letters: Sequence[Letter]
    verdicts: Sequence[Verdict] = ()
    received: Sequence[float] = ()


class Judge:
    """One cell's rules at work: the rule set in force, what the log changed, what is warm."""

    def __init__(self, decisions: Topic) -> None:
        """Before the first rule set of the log everything is approved."""
        self.decisions = decisions
        self.evaluator = compile_rule_set(_NO_RULES)
        self.rule_set = ""
        self._prepare(Plan.of(()))
        self.warming: set[str] = set()  # Features by fingerprint: null until their record.

    def change(self, changed: Changed) -> None:
        """Take up what a control record says."""
        if isinstance(changed.change, RuleSet):
            known = {feature.fingerprint for feature in self.plan.features} - self.warming
            self._adopt(changed.change, self.evaluator.changes())
            taken_up = {feature.fingerprint for feature in self.plan.features}
            # Before the first transaction of a log there is no history to be filled with.
            self.warming = taken_up - known if changed.clock else set()
        elif isinstance(changed.change, FeatureWarmRecord):
            self.warming.discard(changed.change.definition)
        else:
            self.evaluator.take(changed.change)

    def _adopt(self, rule_set: RuleSet, changes: Changes) -> None:
        self.evaluator = compile_rule_set(rule_set, changes)
        self.rule_set = rule_set.fingerprint()
        self._prepare(Plan.of(rule_set.features))

    def _prepare(self, plan: Plan) -> None:
        self.plan, self.screening = plan, screening_of(self.evaluator)
        self.writers: dict[int, Writer] = {}  # By cell.

    def decide(self, accepted: Accepted, clock: Ints, answers: Answers) -> Decided:
        """Decide a batch, with the answers of all features."""
        seen = Seen.of(self.plan, answers, self.warming)
        judgements = self._judgements(accepted.messages, seen)
        verdicts = [Verdict.APPROVE] * len(clock)
        for row, judgement in judgements.items():
            verdicts[row] = judgement.verdict
        letters = [*self._letters(accepted, seen, judgements), *accepted.rejections]
        received = (accepted.messages.received / 1000).tolist()
        return Decided(accepted.cell, accepted.until, letters, verdicts, received)

    def _judgements(self, messages: Messages, seen: Seen) -> dict[int, Judgement]:
        """What there is to say of the rows of which there is anything to say."""
        found, rows = {}, self.screening.rows(messages, seen.by_name)
        for row, values in zip(rows, seen.rows(rows), strict=True):
            judgement = self.evaluator.judge(messages.transaction(row), values, seen.flags(row))
            if judgement is not NOTHING:
                found[row] = judgement
        return found

    def _letters(
        self, accepted: Accepted, seen: Seen, judgements: Mapping[int, Judgement]
    ) -> Iterator[Letter]:
        rows = Rows(
            derived_ids(accepted.ids, "decision"),
            accepted.ids,
            np.array(accepted.positions, np.int64),
            accepted.messages.raw,
            accepted.messages.starts,
        )
        said = {row: self._said(judgement) for row, judgement in judgements.items()}
        values = self._writer(accepted.cell).write(rows, seen.written(), said)
        return map(Letter, repeat(self.decisions), values, as_bytes(accepted.ids))

    def _said(self, judgement: Judgement) -> bytes:
        """What is said, as the middle of an encoded decision."""
        said = Said(
            verdict=judgement.verdict,
            score=judgement.score,
            rule_set=self.rule_set,
            hits=judgement.hits,
            shadow_hits=judgement.shadow_hits,
            list_hit=judgement.list_hit,
        )
        return codec.encode(said)[1:-1]

    def _writer(self, cell: int) -> Writer:
        if cell not in self.writers:
            shape = Shape(
                cell=cell,
                said=self._said(NOTHING),
                names=[definition.name for definition in self.plan.definitions],
                places=self.plan.places,
                is_written=[not feature.is_whole for feature in self.plan.features],
                flags=FLAGS,
            )
            self.writers[cell] = Writer(shape)
        return self.writers[cell]

    def snapshot(self) -> dict[str, Any]:
        """All of it as plain values."""
        return {
            "rule_set": self.evaluator.rule_set.canonical() if self.rule_set else None,
            "changes": codec.encode(self.evaluator.changes()),
            "warming": tuple(sorted(self.warming)),
        }

    def restore(self, snapshot: dict[str, Any]) -> None:
        """Go on from a snapshot."""
        changes = codec.decode(snapshot["changes"], Changes)
        if snapshot["rule_set"] is None:
            self.evaluator = compile_rule_set(_NO_RULES, changes)
            self._prepare(Plan.of(()))
        else:
            self._adopt(from_canonical(snapshot["rule_set"]), changes)
        self.warming = set(snapshot["warming"])
