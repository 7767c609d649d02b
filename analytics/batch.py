"""The batch engine: a rule set over a whole history of transactions, at once.

    scored = score(transactions, rule_set)                         # a frame
    for part in parts(transactions, rule_set, beside=("account_id", "amount_minor")):
        ...                                                        # the same, some rows at a time

`transactions` is a frame with a row for each message of the log, in order of position, and columns
named as the fields of the contract. What is missing is null; but then all is of one tenant, and
received at the highest `occurred_at` so far. With a column `position` rows are where it says. They
have to be such as the door lets through.

The answer has a row for each transaction that the scorer would decide, in the same order (a copy of
an id within a million positions is dropped), and the columns of `schema`: `transaction_id`, the
fields asked for by `beside`, `decision`, `score`, `hits`, `shadow_hits` (rule ids, sorted), then,
unless `with_features` is false, each feature and its flag (`<feature>.flag`), in alphabetical
order. It is what the stream says, to the last bit; docs/engines.md tells how that is known.
"""

from collections.abc import Callable, Iterator, Sequence

import polars as pl

from rules.batch_evaluation import DECISION_TYPE, compile_batch
from rules.expressions.kinds import Kind
from rules.expressions.names import fields
from rules.expressions.polars_code import dtype_of
from rules.features.batch.values import FLAG_TYPE, columns, type_of
from rules.model import RuleSet
from rules.transaction_frame import INSTANT_TYPE, completed, without_copies

ROWS_AT_ONCE = 100_000
FLAG = ".flag"

Tell = Callable[[float], None]


def _untold(_share: float) -> None:
    """Nobody wants to know how far it is."""


def score(
    transactions: pl.DataFrame,
    rule_set: RuleSet,
    *,
    beside: Sequence[str] = (),
    with_features: bool = True,
) -> pl.DataFrame:
    """Every transaction's decision, hits and features."""
    found = parts(transactions, rule_set, beside=beside, with_features=with_features)
    return pl.concat(
        [pl.DataFrame(schema=schema(rule_set, beside, with_features=with_features)), *found]
    )


def parts(
    transactions: pl.DataFrame,
    rule_set: RuleSet,
    *,
    beside: Sequence[str] = (),
    with_features: bool = True,
    tell: Tell = _untold,
) -> Iterator[pl.DataFrame]:
    """The same, some rows at a time; the features of all are computed before the first.

    `tell` is given the share of the features that is there, from 0 to 1.
    """
    evaluator = compile_batch(rule_set)
    wanted = list(schema(rule_set, beside, with_features=with_features))
    history = without_copies(completed(transactions))
    whole = history.hstack(_features(rule_set, history, tell))
    for part in whole.iter_slices(ROWS_AT_ONCE):
        yield part.hstack(evaluator.judge(part)).select(wanted)


def schema(
    rule_set: RuleSet, beside: Sequence[str] = (), *, with_features: bool = True
) -> dict[str, pl.DataType]:
    """The columns of the answer and their types, the same from both engines."""
    found: dict[str, pl.DataType] = {"transaction_id": pl.String()}
    found |= {name: _type_of(name) for name in beside}
    hits = pl.List(pl.String())
    found |= {"decision": DECISION_TYPE, "score": pl.Int64(), "hits": hits, "shadow_hits": hits}
    if with_features:
        for definition in sorted(rule_set.features, key=lambda item: item.name):
            found[definition.name] = type_of(definition)
            found[definition.name + FLAG] = FLAG_TYPE
    return found


def _type_of(name: str) -> pl.DataType:
    kind = fields()[name].kind
    return INSTANT_TYPE if kind is Kind.INSTANT else dtype_of(kind)


def _features(rule_set: RuleSet, history: pl.DataFrame, tell: Tell) -> list[pl.Series]:
    found: list[pl.Series] = []
    for number, column in enumerate(columns(rule_set.features, history), 1):
        tell(number / len(rule_set.features))
        found += [column.values, column.flags.alias(column.definition.name + FLAG)]
    return found
