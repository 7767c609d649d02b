"""What a feature and a rule mean: in plain words, and as the code of each engine."""

from collections.abc import Iterable

from rules.documents.rules import RuleDocument
from rules.expressions import tree
from rules.expressions.conditions import condition_of
from rules.expressions.duckdb_sql import DuckdbSql
from rules.expressions.names import Names
from rules.expressions.plain_words import condition_in_words, number_in_words
from rules.expressions.polars_code import PolarsCode
from rules.expressions.python_code import PythonCode
from rules.forms import duration_text
from rules.model import Aggregate, Band, EntityList, FeatureDefinition, Rule

AGGREGATES = {
    Aggregate.COUNT: "how many transactions",
    Aggregate.SUM: "the sum of",
    Aggregate.AVG: "the mean of",
    Aggregate.MIN: "the smallest",
    Aggregate.MAX: "the largest",
    Aggregate.STDDEV: "the standard deviation of",
    Aggregate.DISTINCT: "how many different values of",
    Aggregate.FIRST_SEEN: "when the first transaction was seen",
    Aggregate.LAST: "the last",
}


def feature_in_words(definition: FeatureDefinition) -> str:
    """A sentence for a feature."""
    what = AGGREGATES[definition.aggregate]
    if definition.of is not None:
        what = f"{what} {definition.of}"
    where = ""
    if definition.where is not None:
        where = f", of those where {condition_in_words(condition_of(definition.where, Names()))}"
    own = "" if definition.is_current_included else ", the judged one left out"
    return f"{what} by {_key(definition)} in the last {_window(definition)}{where}{own}"


def _key(definition: FeatureDefinition) -> str:
    key = " and ".join(definition.by)
    if definition.at == definition.by:
        return key
    return f"{key}, looked up with {' and '.join(definition.at)}"


def _window(definition: FeatureDefinition) -> str:
    window = duration_text(definition.window_ms)
    if definition.tile_ms is None:
        return window
    return f"{window} (in whole tiles of {duration_text(definition.tile_ms)})"


def rule_in_words(document: RuleDocument) -> str:
    """A sentence for a rule."""
    return f"Hits where {condition_in_words(document.when)}. {score_in_words(document.rule)}"


def score_in_words(rule: Rule) -> str:
    """How much a hit adds to the score."""
    if rule.band_of is None:
        return f"A hit scores {rule.score}."
    bands = "; ".join(f"{band.score} {_range(band)}" for band in rule.bands)
    return f"A hit scores by {rule.band_of}: {bands}."


def _range(band: Band) -> str:
    low = "" if band.at_least is None else f"from {number_in_words(band.at_least)}"
    high = "" if band.below is None else f"below {number_in_words(band.below)}"
    return " and ".join(edge for edge in (low, high) if edge) or "always"


def rule_in_python(document: RuleDocument) -> str:
    """The expression that the stream evaluates: `t_…` are fields, the rest features."""
    features = {name: name for name in document.rule.features}
    lists = {name: name for name in tree.lists_of(document.when)}
    return PythonCode(features, lists).true(document.when)


def rule_in_polars(document: RuleDocument, lists: Iterable[EntityList]) -> str:
    """The expression that the batch engine evaluates, as Polars shows it."""
    entries = {item.id: item.entries for item in lists}
    return str(PolarsCode(entries).condition(document.when))


def rule_in_sql(document: RuleDocument, lists: Iterable[EntityList]) -> str:
    """The same for DuckDB, over a table with a column for each field and feature."""
    entries = {item.id: item.entries for item in lists}
    return DuckdbSql(entries).condition(document.when)
