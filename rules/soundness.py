"""Whether a rule set can be put to work: asked of what comes out of the log, whoever wrote it."""

from collections import Counter
from collections.abc import Iterable, Iterator

from rules.expressions.conditions import WrongExpression, condition_of
from rules.expressions.kinds import NUMERIC_KINDS, Kind
from rules.expressions.names import Names, fields, names_of
from rules.features.fields import mistakes
from rules.model import EntityList, FeatureDefinition, ListKind, Rule, RuleSet
from rules.reasons import names_in


class UnsoundRuleSet(ValueError):
    """A rule set contradicts itself: it must not be taken up."""


def check(rule_set: RuleSet) -> None:
    """Return where the rule set can be put to work, or raise `UnsoundRuleSet`."""
    fault = next(faults(rule_set), None)
    if fault is not None:
        raise UnsoundRuleSet(fault)


def faults(rule_set: RuleSet) -> Iterator[str]:
    """Say everything that is wrong with a rule set."""
    yield from _repeated("rule", (rule.id for rule in rule_set.rules))
    yield from _repeated("feature", (feature.name for feature in rule_set.features))
    yield from _repeated("list", (item.id for item in rule_set.lists))
    unsound = False
    for feature in rule_set.features:
        for fault in _feature_faults(feature):
            unsound = True
            yield f"feature {feature.name}: {fault}"
    for item in rule_set.lists:
        yield from (f"list {item.id}: {fault}" for fault in _list_faults(item))
    if not unsound:
        yield from _all_rule_faults(rule_set)


def _all_rule_faults(rule_set: RuleSet) -> Iterator[str]:
    references = [item.id for item in rule_set.lists if item.kind is ListKind.REFERENCE]
    for rule in rule_set.rules:
        own = [feature for feature in rule_set.features if feature.name in rule.features]
        names = names_of(own, references)
        yield from (f"rule {rule.id}: {fault}" for fault in _rule_faults(rule, names))


def _repeated(what: str, names: Iterable[str]) -> Iterator[str]:
    for name, count in Counter(names).items():
        if count > 1:
            yield f"{what} {name} stands there {count} times"


def _feature_faults(feature: FeatureDefinition) -> Iterator[str]:
    yield from mistakes(feature)
    if feature.where is not None:
        yield from _condition_faults(feature.where, Names())


def _list_faults(item: EntityList) -> Iterator[str]:
    if item.kind is ListKind.REFERENCE:
        return
    found = fields().get(item.field or "")
    if found is None or found.kind is not Kind.TEXT:
        yield f"no text field: {item.field}"


def _rule_faults(rule: Rule, names: Names) -> Iterator[str]:
    yield from (f"no feature {name}" for name in rule.features if name not in names.features)
    yield from _condition_faults(rule.when, names)
    for reason in (rule.reason, *(band.reason or "" for band in rule.bands)):
        unknown = [name for name in names_in(reason) if names.type_of(name) is None]
        yield from (f"a reason names {name}" for name in unknown)
    if (rule.score is None) == (rule.band_of is None):
        yield "either a score, or bands of something"
    yield from _band_faults(rule, names)


def _condition_faults(text: str, names: Names) -> Iterator[str]:
    try:
        condition_of(text, names)
    except WrongExpression as error:
        yield str(error)


def _band_faults(rule: Rule, names: Names) -> Iterator[str]:
    if rule.band_of is None:
        return
    found = names.type_of(rule.band_of)
    if found is None or found.kind not in NUMERIC_KINDS:
        yield f"bands of {rule.band_of}, which is no number"
    edges = [(band.at_least, band.below) for band in rule.bands]
    lows, highs = [low for low, _ in edges], [high for _, high in edges]
    if not edges or lows[0] is not None or highs[-1] is not None or lows[1:] != highs[:-1]:
        yield "the bands do not cover the line"
    elif None in lows[1:] or sorted(set(highs[:-1])) != highs[:-1]:  # type: ignore[type-var]
        yield "the bands are not in order"
