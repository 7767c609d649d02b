"""Decisions: what features and rules say of a batch, encoded around the transactions' own bytes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from data_contracts import codec, ids
from data_contracts.control import FeatureWarmRecord
from data_contracts.decision import SCORE_MAX, FeatureValue, ListHit, RuleHit, Verdict
from data_contracts.topics import Topic
from dataflows.connectors import Letter
from dataflows.scoring.changes import Changed
from dataflows.scoring.intake import Accepted
from rules.entries import Changes
from rules.evaluation import NO_FLAGS, Judgement, compile_rule_set
from rules.features.answers import columns_of, flags_of
from rules.features.memory import Answers, Ints
from rules.features.plan import Plan
from rules.model import Flag, Policy, RuleSet
from rules.rule_set import from_canonical
from runtime import id_arrays

_NO_RULES = RuleSet(policy=Policy(review_at=SCORE_MAX + 1, decline_at=SCORE_MAX + 1))

Row = tuple[FeatureValue, ...]
Flags = Mapping[str, str]


class EncodedDecision(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A `Decision`, field by field, around a transaction that is encoded already."""

    decision_id: str
    event_id: str
    cell: int
    position: int
    verdict: Verdict
    score: int
    rule_set: str
    hits: tuple[RuleHit, ...] = ()
    shadow_hits: tuple[RuleHit, ...] = ()
    list_hit: ListHit | None = None
    features: msgspec.Struct | msgspec.UnsetType = msgspec.UNSET
    flags: Flags = {}
    transaction: msgspec.Raw


@dataclass(frozen=True, slots=True)
class Decided:
    """The letters of an item of the log up to `position`, and what is counted of them."""

    cell: int
    position: int
    letters: Sequence[Letter]
    verdicts: Sequence[Verdict] = ()
    received: Sequence[float] = ()


@dataclass(slots=True)
class _Table:
    """The features of a batch by row; `flags` has only the rows with any."""

    rows: Sequence[Row]
    flags: dict[int, dict[str, str]] = field(default_factory=dict)


class Judge:
    """One cell's rules at work: the rule set in force, what the log changed, what is warm."""

    def __init__(self, decisions: Topic) -> None:
        """Before the first rule set of the log everything is approved."""
        self.decisions = decisions
        self.evaluator = compile_rule_set(_NO_RULES)
        self.rule_set = ""
        self._plan(Plan.of(()))
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
        self._plan(Plan.of(rule_set.features))

    def _plan(self, plan: Plan) -> None:
        """Features of a decision become a struct: ten times quicker than a dict; null is absent."""
        self.plan = plan
        fields = [(definition.name, FeatureValue, None) for definition in plan.definitions]
        self.values = msgspec.defstruct("Values", fields, omit_defaults=True, gc=False)

    def decide(self, accepted: Accepted, clock: Ints, answers: Answers) -> Decided:
        """Decide a batch, with the answers of all features."""
        table = self._table(len(clock), answers)
        judgements = list(self._judgements(accepted, table))
        letters = list(self._letters(accepted, table, judgements))
        return Decided(
            accepted.cell,
            accepted.until,
            [*letters, *accepted.rejections],
            [judgement.verdict for judgement in judgements],
            [transaction.received_at.timestamp() for transaction in accepted.transactions],
        )

    def _table(self, length: int, answers: Answers) -> _Table:
        columns, flagged = columns_of(self.plan, answers), flags_of(answers)
        for number, feature in enumerate(self.plan.features):
            if feature.fingerprint in self.warming:
                columns[number] = [None] * length
                flagged[number] = dict.fromkeys(range(length), Flag.WARMING)
        rows = zip(*(columns[place] for place in self.plan.places), strict=True)
        return _Table(list(rows) or [()] * length, self._flags(flagged))

    def _flags(self, flagged: Mapping[int, Mapping[int, Flag]]) -> dict[int, dict[str, str]]:
        found: dict[int, dict[str, str]] = {}
        for definition, place in zip(self.plan.definitions, self.plan.places, strict=True):
            for row, flag in flagged.get(place, {}).items():
                found.setdefault(row, {})[definition.name] = str(flag)
        return found

    def _judgements(self, accepted: Accepted, table: _Table) -> Iterator[Judgement]:
        judge, flags = self.evaluator.judge, table.flags
        for row, transaction in enumerate(accepted.transactions):
            yield judge(transaction, table.rows[row], flags.get(row, NO_FLAGS))

    def _letters(
        self, accepted: Accepted, table: _Table, judgements: Sequence[Judgement]
    ) -> Iterator[Letter]:
        events = id_arrays.to_texts(accepted.ids)
        decided = [ids.derived_id(event, "decision") for event in accepted.ids]
        for row, (decision_id, judgement) in enumerate(
            zip(id_arrays.to_texts(decided), judgements, strict=True)
        ):
            decision = EncodedDecision(
                decision_id=decision_id,
                event_id=events[row],
                cell=accepted.cell,
                position=accepted.positions[row],
                verdict=judgement.verdict,
                score=judgement.score,
                rule_set=self.rule_set,
                hits=judgement.hits,
                shadow_hits=judgement.shadow_hits,
                list_hit=judgement.list_hit,
                features=self._values(table.rows[row]),
                flags=table.flags.get(row, NO_FLAGS),
                transaction=msgspec.Raw(accepted.canonical[row]),
            )
            yield Letter(self.decisions, codec.encode(decision), accepted.ids[row])

    def _values(self, row: Row) -> msgspec.Struct | msgspec.UnsetType:
        return msgspec.UNSET if row.count(None) == len(row) else self.values(*row)

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
        else:
            self._adopt(from_canonical(snapshot["rule_set"]), changes)
        self.warming = set(snapshot["warming"])
