"""The engine of history asked about trials: each under a tenant of its own, all in one table."""

from collections.abc import Sequence

import polars as pl
from msgspec.structs import replace

from data_contracts.transaction import Transaction
from rules.batch_evaluation import compile_batch
from rules.expressions import tree
from rules.expressions.conditions import condition_of
from rules.expressions.names import Names, fields
from rules.features.batch.values import columns
from rules.features.naive import Answer
from rules.model import Band, Flag, Policy, RuleSet, Status
from rules.proof.subject import Score, Subject, Told, Trial, one_log
from rules.transaction_frame import completed

ALWAYS = ("tenant", "transaction_id", "occurred_at", "received_at")
POLICY = Policy(review_at=1, decline_at=100)


def batched(subject: Subject, trials: Sequence[Trial]) -> list[Told]:
    """What the engine of history says of the judged event of each trial."""
    log = one_log(trials)
    judged = [
        row
        for row, (number, event) in enumerate(log)
        if event.transaction_id == trials[number].event.transaction_id
    ]
    order = [log[row][0] for row in judged]
    frame = _frame([event for _, event in log], _needed(subject))
    found = list(columns(subject.features, frame))
    answers = [
        _answers(column.values.gather(judged), column.flags.gather(judged)) for column in found
    ]
    values = [column.values.gather(judged) for column in found]
    events = _frame([log[row][1] for row in judged], tuple(fields())).with_columns(values)
    scores = _scores(subject, events)
    told: list[Told] = [Told({}, None) for _ in trials]
    for place, number in enumerate(order):
        own = {column.definition: some[place] for column, some in zip(found, answers, strict=True)}
        told[number] = Told(own, scores[place])
    return told


def _needed(subject: Subject) -> tuple[str, ...]:
    """The fields that some feature is made of."""
    names = set(ALWAYS)
    for item in subject.features:
        names |= {*item.by, *item.at, *([item.of] if item.of else [])}
        if item.where is not None:
            names |= tree.fields_of(condition_of(item.where, Names()))
    return tuple(sorted(names))


def _frame(events: Sequence[Transaction], names: Sequence[str]) -> pl.DataFrame:
    found = {name: [_plain(getattr(event, name)) for event in events] for name in names}
    return completed(pl.DataFrame(found, strict=False))


def _plain(value: object) -> object:
    return str(value) if isinstance(value, str) else value


def _answers(values: pl.Series, flags: pl.Series) -> list[Answer]:
    return [
        (value, None if flag is None else Flag(flag))
        for value, flag in zip(values.to_list(), flags.to_list(), strict=True)
    ]


def _scores(subject: Subject, events: pl.DataFrame) -> list[Score]:
    """What the rule scores, as if it were live and alone."""
    names = tuple(item.name for item in subject.features)
    rule = replace(
        subject.rule, status=Status.LIVE, features=names, reason="", bands=_silent(subject)
    )
    rule_set = RuleSet(rules=(rule,), features=subject.features, lists=subject.lists, policy=POLICY)
    found = compile_batch(rule_set).judge(events)
    rows = zip(found["hits"].to_list(), found["score"].to_list(), strict=True)
    return [score if hits else None for hits, score in rows]


def _silent(subject: Subject) -> tuple[Band, ...]:
    """The bands without reasons, which may name features that decide nothing."""
    return tuple(replace(band, reason=None) for band in subject.rule.bands)
