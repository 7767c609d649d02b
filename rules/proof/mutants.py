"""Mutants of a rule: the rule with one slip of the pen in its condition, score or features."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from msgspec.structs import replace as changed

from data_contracts.decision import SCORE_MAX
from rules.expressions import tree
from rules.expressions.conditions import WrongExpression, condition_of
from rules.expressions.names import Names, names_of
from rules.expressions.normal import Normal
from rules.model import Band, FeatureDefinition, Rule
from rules.proof.condition_mutants import changes_of, nearby
from rules.proof.feature_mutants import changes_of_feature
from rules.proof.subject import Subject


@dataclass(frozen=True, slots=True)
class Mutant:
    """A rule that says something else: what became of what, and a test that would notice."""

    what: str
    killer: str
    subject: Subject


@dataclass(frozen=True, slots=True)
class Mutants:
    """Those that are different, each once; and those that provably say the same, with why."""

    different: tuple[Mutant, ...]
    same: tuple[tuple[Mutant, str], ...]


def mutants_of(subject: Subject) -> Mutants:
    """All mutants of a rule and of the features that decide about its hits."""
    own = _key(subject)
    different: dict[object, Mutant] = {}
    same = []
    for mutant in _all(subject):
        key = _key(mutant.subject)
        if key == own:
            same.append((mutant, "it is the same written in another way"))
        else:
            different.setdefault(key, mutant)
    return Mutants(tuple(different.values()), tuple(same))


def _key(subject: Subject) -> object:
    """What is alike for rules that hit the same transactions with the same score."""
    features = [changed(item, where=_where_key(item)) for item in subject.features]
    rule = subject.rule
    return Normal(subject.names).key(subject.when), rule.score, rule.bands, tuple(features)


def _where_key(definition: FeatureDefinition) -> str | None:
    if definition.where is None:
        return None
    return Normal(Names()).key(condition_of(definition.where, Names()))


def _all(subject: Subject) -> Iterator[Mutant]:
    for change in changes_of(subject.when):
        after = replace(subject, when=change.condition)
        yield Mutant(f"when: {change.what}", change.killer, after)
    for rule, what, killer in _scores(subject.rule):
        yield Mutant(what, killer, replace(subject, rule=rule))
    for number, definition in enumerate(subject.features):
        yield from _of_feature(subject, number, definition)


def _of_feature(subject: Subject, number: int, definition: FeatureDefinition) -> Iterator[Mutant]:
    for change in changes_of_feature(definition):
        others = subject.features[:number], subject.features[number + 1 :]
        features = (*others[0], change.definition, *others[1])
        when = _read_again(subject, features)
        if when is not None:
            after = replace(subject, features=features, when=when)
            yield Mutant(f"{definition.name}: {change.what}", change.killer, after)


def _read_again(subject: Subject, features: tuple[FeatureDefinition, ...]) -> tree.Condition | None:
    """The condition over other features; None where it has no meaning any more."""
    names = names_of(features, subject.names.lists)
    try:
        return condition_of(subject.rule.when, names)
    except WrongExpression:
        return None


def _scores(rule: Rule) -> Iterator[tuple[Rule, str, str]]:
    killer = "a test that hits and names its `score`"
    for score in _other_scores(rule.score):
        yield changed(rule, score=score), f"`score: {rule.score}` became `{score}`", killer
    for number, band in enumerate(rule.bands):
        for score in _other_scores(band.score):
            what = f"the score {band.score} of band {number + 1} became {score}"
            yield _with_bands(rule, number, changed(band, score=score)), what, killer
        yield from _edges(rule, number)


def _other_scores(score: int | None) -> list[int]:
    if score is None:
        return []
    return [other for other in (score - 1, score + 1) if 0 <= other <= SCORE_MAX]


def _edges(rule: Rule, number: int) -> Iterator[tuple[Rule, str, str]]:
    edge = rule.bands[number].below
    if edge is None:
        return
    low, high = rule.bands[number].at_least, rule.bands[number + 1].below
    whole = int(edge) if edge == int(edge) else edge
    for other in nearby(whole):
        if (low is None or low < other) and (high is None or other < high):
            moved = _with_bands(rule, number, changed(rule.bands[number], below=float(other)))
            after = changed(moved.bands[number + 1], at_least=float(other))
            what = (
                f"the edge {whole:,} between bands {number + 1} and {number + 2} became {other:,}"
            )
            killer = f"a test with its `score` where {rule.band_of} is exactly {whole:,}"
            yield _with_bands(moved, number + 1, after), what, killer


def _with_bands(rule: Rule, number: int, band: Band) -> Rule:
    return changed(rule, bands=(*rule.bands[:number], band, *rule.bands[number + 1 :]))
