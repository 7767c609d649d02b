"""A rule put to work for its proof: naive features, the compiled condition, and its score."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace

from data_contracts.decision import FeatureValue
from data_contracts.transaction import Transaction
from rules.entries import Entries, is_valid
from rules.evaluation import band_at, with_band
from rules.expressions import tree
from rules.expressions.names import Names, fields, names_of
from rules.expressions.python_code import PythonCode, function_of, loads
from rules.features import naive
from rules.model import EntityList, FeatureDefinition, ListKind, Rule
from rules.predicates import holds

Score = int | None  # None is a miss.


@dataclass(frozen=True, slots=True)
class Trial:
    """A history in the order of the log, and the event that is judged after it."""

    name: str
    history: tuple[Transaction, ...]
    event: Transaction
    answers: dict[FeatureDefinition, naive.Answer] = field(
        default_factory=dict, compare=False, repr=False
    )

    def answer(self, definition: FeatureDefinition) -> naive.Answer:
        """What the naive form says of the judged event; remembered."""
        if definition not in self.answers:
            found = naive.last_answer(definition, (*self.history, self.event), holds)
            self.answers[definition] = found
        return self.answers[definition]


@dataclass(frozen=True, slots=True)
class Told:
    """What an engine says of the judged event of a trial: its features, and what it scores."""

    answers: Mapping[FeatureDefinition, naive.Answer]
    score: Score


def one_log(trials: Sequence[Trial]) -> list[tuple[int, Transaction]]:
    """The events of all trials, each with its trial's number, in the order of a single log.

    Each trial has a tenant of its own, and all are in the order in which they were received: so
    none sees another, and the log's clock is that of each alone.
    """
    events = [
        (number, replace(event, tenant=f"trial-{number}"))
        for number, trial in enumerate(trials)
        for event in (*trial.history, trial.event)
    ]
    return sorted(events, key=lambda item: item[1].received_at)


Screen = Callable[[Trial], Score]
Scorer = Callable[[Transaction, Sequence[FeatureValue]], Score]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What decides about a hit and its score: the rule, its tree, and the features it needs."""

    rule: Rule
    when: tree.Condition
    features: tuple[FeatureDefinition, ...]
    lists: tuple[EntityList, ...] = ()

    @property
    def names(self) -> Names:
        """What the condition may name."""
        references = [item.id for item in self.lists if item.kind is ListKind.REFERENCE]
        return names_of(self.features, references)

    def scorer(self) -> Scorer:
        """A function that says what an event with these values of the features scores."""
        condition = compiled(self)

        def score(event: Transaction, values: Sequence[FeatureValue]) -> Score:
            return score_of(self, event, values) if condition(event, values) else None

        return score

    def screen(self) -> Screen:
        """A function that says how much a trial scores."""
        score = self.scorer()

        def screened(trial: Trial) -> Score:
            values = [trial.answer(definition)[0] for definition in self.features]
            return score(trial.event, values)

        return screened


def score_of(subject: Subject, event: Transaction, values: Sequence[FeatureValue]) -> int:
    """What a hit scores."""
    rule = subject.rule
    if rule.band_of is None:
        return rule.score or 0
    named: Mapping[str, FeatureValue] = {
        item.name: value for item, value in zip(subject.features, values, strict=True)
    }
    value = getattr(event, rule.band_of) if rule.band_of in fields() else named[rule.band_of]
    assert isinstance(value, int | float)
    return band_at(rule, value).score


def compiled(subject: Subject) -> Callable[[Transaction, Sequence[FeatureValue]], bool]:
    """The condition as the stream has it, for one rule alone."""
    names = {item.name: f"f{number}" for number, item in enumerate(subject.features)}
    lists = {item.id: f"l{number}" for number, item in enumerate(subject.lists)}
    when = with_band(subject.rule, subject.when, subject.names)
    used = tree.fields_of(when)
    unpacked = [f"({', '.join(names.values())},) = values"] if names else []
    answer = f"return {PythonCode(names, lists).true(when)}"
    tables = Entries.of(subject.lists, ()).tables
    known: dict[str, Any] = {name: tables[list_id] for list_id, name in lists.items()}
    body = [*loads(used), *unpacked, answer]
    return function_of("holds", "transaction, values", body, {"is_valid": is_valid, **known})
