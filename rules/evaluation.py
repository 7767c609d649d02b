"""Evaluation: a whole rule set as one Python function, and the judgement that it comes to.

The generated function answers with a number: bit i says that rule i is true, the bits above that
a value stands on a block or allow list. Nearly always the number is 0, and the answer a constant.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Protocol

from data_contracts.control import BreakerRecord, ListEntryRecord
from data_contracts.decision import SCORE_MAX, FeatureValue, ListHit, RuleHit, Verdict
from data_contracts.transaction import Transaction
from rules.entries import Breakers, Changes, Entries, is_valid
from rules.expressions import tree
from rules.expressions.conditions import condition_of
from rules.expressions.names import Names, fields, names_of
from rules.expressions.python_code import PythonCode, function_of, grouped, loads
from rules.model import (
    Band,
    EntityList,
    FeatureDefinition,
    ListEntry,
    ListKind,
    Rule,
    RuleSet,
    Status,
)
from rules.reasons import Reason
from rules.soundness import check

NO_FLAGS: Mapping[str, str] = {}
NO_CHANGES = Changes()


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the rules and lists say of one transaction; hits are sorted by rule id.

    Hits on a block list keep the hits of rules beside them; an allow list moves them to the shadow.
    """

    verdict: Verdict = Verdict.APPROVE
    score: int = 0
    hits: tuple[RuleHit, ...] = ()
    shadow_hits: tuple[RuleHit, ...] = ()
    list_hit: ListHit | None = None


NOTHING = Judgement()


class Screen(Protocol):
    """The generated function."""

    def __call__(self, transaction: Transaction, values: Sequence[FeatureValue], /) -> int:
        """The bits of what is true."""
        ...


@dataclass(frozen=True, slots=True)
class _Case:
    """One transaction with its features by name."""

    transaction: Transaction
    values: Mapping[str, FeatureValue]
    flags: Mapping[str, str]


@dataclass(slots=True)
class Evaluator:
    """A rule set at work; `take` changes it as the log says."""

    rule_set: RuleSet
    screen: Screen
    entries: Entries
    reasons: Mapping[str, Reason]
    feature_names: tuple[str, ...]
    screened_lists: tuple[EntityList, ...]
    breakers: Breakers = field(default_factory=Breakers)

    def judge(
        self,
        transaction: Transaction,
        values: Sequence[FeatureValue],
        flags: Mapping[str, str] | None = None,
    ) -> Judgement:
        """Judge a transaction; `values` are in the order of the rule set's features."""
        mask = self.screen(transaction, values)
        if not mask:
            return NOTHING
        named = dict(zip(self.feature_names, values, strict=True))
        return self._settle(_Case(transaction, named, flags or NO_FLAGS), mask)

    def take(self, record: ListEntryRecord | BreakerRecord) -> None:
        """Take up a change that stands in the log."""
        if isinstance(record, ListEntryRecord):
            self.entries.take(record)
        else:
            self.breakers.take(record)

    def changes(self) -> Changes:
        """What the log has changed, to be kept with the state and given to the next rule set."""
        records = sorted(self.entries.records.items())
        return Changes(
            entries=tuple(record for _, record in records),
            tripped=tuple(sorted(self.breakers.tripped)),
            resets=dict(self.breakers.resets),
        )

    def _settle(self, case: _Case, mask: int) -> Judgement:
        hits, shadow_hits = self._hits(case, mask)
        list_hit = self._list_hit(case.transaction, mask >> len(self.rule_set.rules))
        if list_hit is not None and list_hit[0] is ListKind.ALLOW:
            return Judgement(shadow_hits=_sorted(hits, shadow_hits), list_hit=list_hit[1])
        if list_hit is not None:
            return Judgement(
                verdict=Verdict.DECLINE,
                score=SCORE_MAX,
                hits=hits,
                shadow_hits=shadow_hits,
                list_hit=list_hit[1],
            )
        score = min(SCORE_MAX, sum(hit.score for hit in hits))
        verdict = _verdict(score, self.rule_set)
        return Judgement(verdict=verdict, score=score, hits=hits, shadow_hits=shadow_hits)

    def _hits(self, case: _Case, mask: int) -> tuple[tuple[RuleHit, ...], tuple[RuleHit, ...]]:
        hits: list[RuleHit] = []
        shadow_hits: list[RuleHit] = []
        for number, rule in enumerate(self.rule_set.rules):
            if mask >> number & 1:
                hit = self._hit(case, rule)
                counts = rule.id not in self.breakers.tripped and counts_for(rule, case.transaction)
                (hits if counts else shadow_hits).append(hit)
        return tuple(hits), tuple(shadow_hits)

    def _hit(self, case: _Case, rule: Rule) -> RuleHit:
        score, reason = rule.score or 0, self.reasons[rule.id]
        if rule.band_of is not None:
            band = band_at(rule, _number(case, rule.band_of))
            score = band.score
            if band.reason is not None:
                reason = Reason(band.reason, reason.features)
        return RuleHit(
            rule_id=rule.id,
            version=rule.version,
            typology=rule.typology,
            severity=rule.severity,
            score=score,
            reason=reason.fill(case.transaction, case.values, case.flags),
        )

    def _list_hit(self, transaction: Transaction, mask: int) -> tuple[ListKind, ListHit] | None:
        for number, found in enumerate(self.screened_lists):
            if mask >> number & 1:
                assert found.field is not None
                entry = self.entries.tables[found.id][str(getattr(transaction, found.field))]
                if _applies(entry, transaction):
                    hit = ListHit(list_id=found.id, field=found.field, reason=entry.reason)
                    return found.kind, hit
        return None


def _sorted(hits: tuple[RuleHit, ...], others: tuple[RuleHit, ...]) -> tuple[RuleHit, ...]:
    return tuple(sorted(hits + others, key=lambda hit: hit.rule_id))


def _verdict(score: int, rule_set: RuleSet) -> Verdict:
    if score >= rule_set.policy.decline_at:
        return Verdict.DECLINE
    return Verdict.REVIEW if score >= rule_set.policy.review_at else Verdict.APPROVE


def _applies(entry: ListEntry, transaction: Transaction) -> bool:
    cap = entry.amount_minor_max
    return is_valid(entry, transaction) and (cap is None or transaction.amount_minor <= cap)


def _number(case: _Case, name: str) -> float:
    value = getattr(case.transaction, name) if name in fields() else case.values[name]
    assert isinstance(value, int | float)
    return value


def band_at(rule: Rule, value: float) -> Band:
    """The band that holds the value; lint saw to it that there is exactly one."""
    for band in rule.bands:
        if (band.at_least is None or value >= band.at_least) and (
            band.below is None or value < band.below
        ):
            return band
    raise LookupError(f"{rule.id}: no band for {value}")


def counts_for(rule: Rule, transaction: Transaction) -> bool:
    """Whether a hit has effect: live ones do, those of a canary for its share of accounts."""
    if rule.status is Status.CANARY:
        return canary_share(rule.id, transaction) < rule.canary_percent
    return rule.status is Status.LIVE


def canary_share(rule_id: str, transaction: Transaction) -> int:
    """A number from 0 to 99 that always is the same for a rule and an account."""
    return share_of(rule_id, transaction.tenant, transaction.account_id)


def share_of(rule_id: str, tenant: str, account_id: str) -> int:
    """The same of an account by its name."""
    text = f"{rule_id}\n{tenant}\n{account_id}"
    return int(sha256(text.encode()).hexdigest()[:8], 16) % 100


def compile_rule_set(rule_set: RuleSet, changes: Changes = NO_CHANGES) -> Evaluator:
    """Put a rule set to work, with what the log had changed before, or raise `UnsoundRuleSet`."""
    check(rule_set)
    definitions = {item.name: item for item in rule_set.features}
    entries = Entries.of(rule_set.lists, changes.entries)
    screened = _screened_lists(rule_set.lists)
    return Evaluator(
        rule_set,
        _screen(rule_set, screened, entries),
        entries,
        {rule.id: _reason(rule, definitions) for rule in rule_set.rules},
        tuple(definitions),
        screened,
        Breakers(set(changes.tripped), dict(changes.resets)),
    )


def _reason(rule: Rule, definitions: Mapping[str, FeatureDefinition]) -> Reason:
    return Reason(rule.reason, {name: definitions[name] for name in rule.features})


def _screened_lists(lists: Sequence[EntityList]) -> tuple[EntityList, ...]:
    """Block lists, then allow lists: the first that applies settles it."""
    by_kind = [
        [item for item in lists if item.kind is kind] for kind in (ListKind.BLOCK, ListKind.ALLOW)
    ]
    return (*by_kind[0], *by_kind[1])


def names_of_rule_set(rule_set: RuleSet) -> Names:
    """What the conditions of a rule set may name."""
    references = [item.id for item in rule_set.lists if item.kind is ListKind.REFERENCE]
    return names_of(rule_set.features, references)


def _screen(rule_set: RuleSet, screened: Sequence[EntityList], entries: Entries) -> Screen:
    names = names_of_rule_set(rule_set)
    trees = [condition_of(rule.when, names) for rule in rule_set.rules]
    features = {item.name: f"f{number}" for number, item in enumerate(rule_set.features)}
    lists = {item.id: f"l{number}" for number, item in enumerate(rule_set.lists)}
    code = PythonCode(features, lists)
    used = {name for found in trees for name in tree.fields_of(found)}
    used |= {item.field for item in screened if item.field is not None}
    used |= {rule.band_of for rule in rule_set.rules if rule.band_of and rule.band_of in fields()}
    tests = [
        (code.terms(with_band(rule, found, names)), f"mask |= {1 << number}")
        for number, (rule, found) in enumerate(zip(rule_set.rules, trees, strict=True))
    ]
    lookups = [
        f"if t_{item.field} in {lists[item.id]}: mask |= {1 << number}"
        for number, item in enumerate(screened, len(rule_set.rules))
    ]
    unpacked = [f"({', '.join(features.values())},) = values"] if features else []
    body = [
        *loads(frozenset(used)),
        *unpacked,
        "mask = 0",
        *grouped(tests),
        *lookups,
        "return mask",
    ]
    tables = {name: entries.tables[list_id] for list_id, name in lists.items()}
    return function_of("screen", "transaction, values", body, {"is_valid": is_valid, **tables})


def with_band(rule: Rule, when: tree.Condition, names: Names) -> tree.Condition:
    """A rule with bands does not fire where the value that they divide is unknown."""
    found = None if rule.band_of is None else names.type_of(rule.band_of)
    if rule.band_of is None or found is None or not found.is_nullable:
        return when
    is_feature = rule.band_of in names.features
    value = (
        tree.Feature(rule.band_of, found.kind)
        if is_feature
        else tree.Field(rule.band_of, found.kind, is_nullable=True)
    )
    return tree.All((when, tree.Not(tree.IsNull(value))))
