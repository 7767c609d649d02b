"""Screening: which rows of a batch a rule set may say anything of, asked of whole columns.

Most transactions meet no rule and stand on no list. They are told apart here, all rules at once;
of the rest, and of a few that only might, the evaluator judges one after the other.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rules.evaluation import Evaluator, names_of_rule_set
from rules.expressions.array_code import Array, ArrayCode, Batch
from rules.expressions.conditions import condition_of
from rules.expressions.names import Names
from rules.features.layout import FIELD_OF, Form, code_of, is_coded, layout
from rules.features.messages import Bools, Messages
from rules.model import Aggregate, FeatureDefinition, ListEntry

Ints = NDArray[np.int64]
Features = Mapping[str, tuple[Array, Bools]]
"""By name: values and where they are known; texts are objects."""


@dataclass(slots=True)
class Sight:
    """What can be seen of a batch: its messages and, for rules, their features."""

    messages: Messages
    features: Features = field(default_factory=dict)

    def field(self, name: str, *, is_text: bool) -> Array:
        """A field as numbers, or as Python's texts where that is asked."""
        match _form(name):
            case Form.WHOLE:
                return self.messages.amounts
            case Form.INSTANT:
                is_first = name == "occurred_at"
                return self.messages.occurred if is_first else self.messages.received
            case Form.PLACE:
                return self.messages.places(name)
            case _ if is_text or not is_coded(name):
                return np.array(self.messages.texts(name), np.object_)
            case _:
                return self.messages.codes(name)

    def is_field_known(self, name: str) -> Bools:
        """Where a field is not null: there it takes some bytes."""
        _, ends = self.messages.spans(name)
        known: Bools = ends > 0
        return known

    def feature(self, name: str, *, is_text: bool) -> Array:
        """A feature; a text as the number that a field with the same text has, or as itself."""
        values, _ = self.features[name]
        if values.dtype != np.object_ or is_text:
            return values
        return np.array(list(map(code_of, values.tolist())), np.int64)

    def is_feature_known(self, name: str) -> Bools:
        """Where a feature is not null."""
        return self.features[name][1]


def _form(name: str) -> Form:
    return Form(layout().fields[FIELD_OF[name]]["form"])


def coded_fields() -> set[str]:
    """The fields whose texts have numbers."""
    return {name for name in FIELD_OF if is_coded(name)}


def _coded(definitions: Sequence[FeatureDefinition]) -> set[str]:
    fields = coded_fields()
    lasts = {
        item.name for item in definitions if item.aggregate is Aggregate.LAST if item.of in fields
    }
    return fields | lasts


Masks = Callable[[Messages], Ints]


def compile_masks(groups: Sequence[Sequence[str]]) -> Masks:
    """Bit i of column g says that condition i of group g is true of the message."""
    code = ArrayCode(coded_fields())
    results = [[code.true(condition_of(text, Names())) for text in group] for group in groups]
    ask = code.function([name for names in results for name in names])

    def masks(messages: Messages) -> Ints:
        found, answers = (
            np.zeros((len(messages), len(groups)), np.int64),
            iter(_ask(ask, Sight(messages))),
        )
        for group, names in enumerate(results):
            for bit in range(len(names)):
                found[:, group] |= next(answers) * np.int64(1 << bit)
        return found

    return masks


def _ask(ask: Callable[[Batch], list[Any]], sight: Sight) -> list[Any]:
    with np.errstate(all="ignore"):  # What is not known may be anything.
        return ask(sight)


@dataclass(frozen=True, slots=True)
class Screening:
    """A rule set's conditions over columns; the lists are the evaluator's own tables."""

    ask: Callable[[Batch], list[Any]]
    listed: Sequence[tuple[str, Mapping[str, ListEntry]]]

    def rows(self, messages: Messages, features: Features) -> list[int]:
        """The rows of which the evaluator may have something to say."""
        sight = Sight(messages, features)
        found: Bools = np.zeros(len(messages), np.bool_)
        for answer in _ask(self.ask, sight):
            found |= answer
        for name, table in self.listed:
            if table:
                found |= [text in table for text in messages.texts(name)]
        return np.flatnonzero(found).tolist()


def screening_of(evaluator: Evaluator) -> Screening:
    """The screening that goes before this evaluator."""
    rule_set, tables = evaluator.rule_set, evaluator.entries.tables
    code = ArrayCode(_coded(rule_set.features), tables)
    names = names_of_rule_set(rule_set)
    trees = [condition_of(rule.when, names) for rule in rule_set.rules]
    ask = code.function([code.true(found) for found in trees])
    listed = [(item.field or "", tables[item.id]) for item in evaluator.screened_lists]
    return Screening(ask, listed)
