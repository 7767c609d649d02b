"""Mutants that provably decide as their rule does: no test could notice them."""

from rules.expressions import tree
from rules.expressions.conditions import condition_of
from rules.expressions.kinds import Kind
from rules.expressions.names import Names
from rules.expressions.normal import Normal
from rules.expressions.possible import are_same, is_possible
from rules.model import Aggregate, FeatureDefinition
from rules.proof.subject import Subject

ALWAYS = tree.Compare(
    tree.Comparison.EQUAL, tree.Literal(0, Kind.WHOLE), tree.Literal(0, Kind.WHOLE)
)
ANY_OR_NONE = {(tree.Comparison.EQUAL, 0), (tree.Comparison.GREATER_OR_EQUAL, 1)}
COUNTS = {Aggregate.COUNT, Aggregate.DISTINCT}


def why_same(rule: Subject, mutant: Subject) -> str | None:
    """Why a mutant decides as its rule does; None where that is not shown."""
    if rule.rule != mutant.rule:
        return None
    if rule.features == mutant.features:
        is_same = are_same(rule.when, mutant.when, rule.names)
        return "both conditions are true of the same transactions" if is_same else None
    pairs = zip(rule.features, mutant.features, strict=True)
    ((before, after),) = [(one, other) for one, other in pairs if one != other]
    return _why_same_feature(rule, before, after)


def _why_same_feature(
    rule: Subject, before: FeatureDefinition, after: FeatureDefinition
) -> str | None:
    where = _where(before)
    if _alike_but(before, after, "where") and are_same(where, _where(after), Names()):
        return "both conditions are true of the same transactions"
    is_met = is_possible(tree.All((rule.when, where)), rule.names)
    if _alike_but(before, after, "is_current_included") and not is_met:
        return "a judged event that hits is none of those that the feature counts"
    if _is_a_count(before, after) and _asks_whether_any(rule, before.name):
        return "the rule only asks whether there is any"
    return None


def _where(definition: FeatureDefinition) -> tree.Condition:
    return ALWAYS if definition.where is None else condition_of(definition.where, Names())


def _alike_but(one: FeatureDefinition, other: FeatureDefinition, name: str) -> bool:
    return all(
        getattr(one, field) == getattr(other, field)
        for field in one.__struct_fields__
        if field != name
    )


def _is_a_count(one: FeatureDefinition, other: FeatureDefinition) -> bool:
    names = [name for name in one.__struct_fields__ if name not in {"aggregate", "of"}]
    alike = all(getattr(one, name) == getattr(other, name) for name in names)
    never_null = other.of in {None, "amount_minor"}
    return alike and never_null and {one.aggregate, other.aggregate} <= COUNTS


def _asks_whether_any(rule: Subject, name: str) -> bool:
    normal = Normal(rule.names).of(rule.when)
    tests = [
        node
        for node in tree.walk(normal)
        if isinstance(node, tree.Compare) and name in tree.features_of(node)
    ]
    named = [node for node in tree.walk(normal) if isinstance(node, tree.Feature)]
    return (
        rule.rule.band_of != name
        and len(tests) == sum(n.name == name for n in named)
        and all(
            isinstance(test.left, tree.Feature)
            and isinstance(test.right, tree.Literal)
            and (test.comparison, test.right.value) in ANY_OR_NONE
            for test in tests
        )
    )
