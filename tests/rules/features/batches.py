"""The batch form, asked like the judge."""

from collections.abc import Sequence

import polars as pl

from data_contracts.transaction import Transaction
from rules.expressions.names import fields
from rules.features.batch.values import columns
from rules.features.naive import Answer
from rules.model import FeatureDefinition, Flag
from rules.transaction_frame import completed


def a_frame(history: Sequence[Transaction]) -> pl.DataFrame:
    """A history as a frame."""
    columns = {name: [getattr(item, name) for item in history] for name in fields()}
    plain = {
        name: [str(value) if isinstance(value, str) else value for value in values]
        for name, values in columns.items()
    }
    if not history:
        plain = {name: [] for name in ("occurred_at", "received_at", "tenant")}
    return completed(pl.DataFrame(plain, strict=False, infer_schema_length=None))


def answers(
    definitions: Sequence[FeatureDefinition], history: Sequence[Transaction]
) -> list[dict[str, Answer]]:
    """Each event's features by name."""
    found: list[dict[str, Answer]] = [{} for _ in history]
    for column in columns(definitions, a_frame(history)):
        for event, (value, flag) in enumerate(zip(column.values, column.flags, strict=True)):
            answer = value, None if flag is None else Flag(flag)
            found[event][column.definition.name] = answer
    return found
