"""The tests of a rule, written and generated, and what came of them in both forms of features."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from rules.documents.catalogue import Catalogue
from rules.documents.rules import RuleDocument
from rules.expressions import tree
from rules.features.naive import Answer
from rules.model import FeatureDefinition, ListKind
from rules.proof.batch import batched
from rules.proof.edges import trials_at_edges
from rules.proof.streaming import streamed
from rules.proof.subject import Score, Screen, Subject, Told, Trial

Ask = Callable[[Subject, Sequence[Trial]], list[Told]]
ENGINES: Mapping[str, Ask] = {"stream": streamed, "batch": batched}


@dataclass(frozen=True, slots=True)
class Check:
    """One test of a rule: what it has to score (None is a miss), or only that it hits."""

    trial: Trial
    score: Score
    is_score_named: bool = True

    def notices(self, screen: Screen) -> bool:
        """Whether the test fails."""
        found = screen(self.trial)
        if self.is_score_named or found is None or self.score is None:
            return found != self.score
        return False


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A test at an edge of which an engine says something else than the definition."""

    rule_id: str
    engine: str
    trial: Trial
    differences: tuple[str, ...]


def subject_of(document: RuleDocument, catalogue: Catalogue) -> Subject:
    """What decides about a rule's hits: a feature that only its reason names does not."""
    used = tree.features_of(document.when) | {document.rule.band_of}
    return Subject(
        rule=document.rule,
        when=document.when,
        features=tuple(catalogue.features[name] for name in document.rule.features if name in used),
        lists=tuple(item for item in catalogue.lists if item.kind is ListKind.REFERENCE),
    )


def written_checks(document: RuleDocument) -> list[Check]:
    """The tests that stand in the file."""
    checks = []
    for case in document.cases:
        trial = Trial(case.name, case.history, case.event)
        score = case.score if case.score is not None else 0
        checks.append(Check(trial, score if case.is_hit else None, case.score is not None))
    return checks


def generated_checks(subject: Subject, written: Sequence[Check]) -> list[Check]:
    """The tests that are made of those in the file that hit; the judge says what they score."""
    screen = subject.screen()
    hits = [check.trial for check in written if screen(check.trial) is not None]
    return [Check(trial, screen(trial)) for trial in trials_at_edges(subject, hits)]


def disagreements(subject: Subject, checks: Sequence[Check]) -> list[Disagreement]:
    """Ask both engines all tests, and say where they do not agree with the judge."""
    trials = [check.trial for check in checks]
    return [
        Disagreement(subject.rule.id, engine, check.trial, differences)
        for engine, ask in ENGINES.items()
        for check, told in zip(checks, ask(subject, trials), strict=True)
        if (differences := tuple(_differences(subject, check, told)))
    ]


def _differences(subject: Subject, check: Check, told: Told) -> Iterator[str]:
    for definition in subject.features:
        expected, found = check.trial.answer(definition), told.answers[definition]
        if repr(found) != repr(expected):
            yield _difference(definition, expected, found)
    if check.is_score_named and told.score != check.score:
        yield f"scores {_shown(told.score)} instead of {_shown(check.score)}"


def _difference(definition: FeatureDefinition, expected: Answer, found: Answer) -> str:
    return f"{definition.name} is {_answer(found)} instead of {_answer(expected)}"


def _answer(answer: Answer) -> str:
    value, flag = answer
    return f"{'null' if value is None else value}{f' ({flag})' if flag else ''}"


def _shown(score: Score) -> str:
    return "nothing" if score is None else str(score)
