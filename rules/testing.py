"""Tests of rules: the history goes through the naive features, the event through the rule alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from data_contracts.decision import FeatureValue, RuleHit
from rules.documents.cases import Case
from rules.documents.catalogue import Catalogue
from rules.documents.rules import RuleDocument
from rules.evaluation import Evaluator, compile_rule_set
from rules.features import naive
from rules.model import ListKind, RuleSet, Status
from rules.predicates import holds


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResult:
    """What came of a test; `differences` is empty where it was as expected."""

    rule_id: str
    case: Case
    hit: RuleHit | None
    values: Mapping[str, FeatureValue]
    flags: Mapping[str, str]
    differences: tuple[str, ...]

    @property
    def is_as_expected(self) -> bool:
        """Whether the test passed."""
        return not self.differences


def run_rule(document: RuleDocument, catalogue: Catalogue) -> list[CaseResult]:
    """Run all tests of a rule, whatever its status."""
    rule_set = _alone(document, catalogue)
    evaluator = compile_rule_set(rule_set)
    return [_run(document, case, rule_set, evaluator) for case in document.cases]


def _alone(document: RuleDocument, catalogue: Catalogue) -> RuleSet:
    """The rule as if it were live, with no list that would settle the decision before it."""
    rule_set = catalogue.rule_set_of([document.rule.id])
    live = tuple(msgspec.structs.replace(rule, status=Status.LIVE) for rule in rule_set.rules)
    references = tuple(item for item in rule_set.lists if item.kind is ListKind.REFERENCE)
    return msgspec.structs.replace(rule_set, rules=live, lists=references)


def _run(document: RuleDocument, case: Case, rule_set: RuleSet, evaluator: Evaluator) -> CaseResult:
    answers = naive.values(rule_set.features, [*case.history, case.event], holds)[-1]
    values = {name: value for name, (value, _) in answers.items()}
    flags = {name: str(flag) for name, (_, flag) in answers.items() if flag is not None}
    judgement = evaluator.judge(case.event, tuple(values.values()), flags)
    hit = judgement.hits[0] if judgement.hits else None
    return CaseResult(
        rule_id=document.rule.id,
        case=case,
        hit=hit,
        values=values,
        flags=flags,
        differences=tuple(_differences(case, hit)),
    )


def _differences(case: Case, hit: RuleHit | None) -> Sequence[str]:
    if case.is_hit is not (hit is not None):
        return [f"expected {'a hit' if case.is_hit else 'no hit'}"]
    if hit is None:
        return []
    found = []
    if case.score is not None and case.score != hit.score:
        found.append(f"expected score {case.score}, got {hit.score}")
    if case.reason is not None and case.reason != hit.reason:
        found.append(f'expected reason "{case.reason}", got "{hit.reason}"')
    return found
