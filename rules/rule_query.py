"""A rule as one question of the archive: its features, its condition, and what it hits."""

from collections.abc import Iterable, Sequence

from rules.documents.rules import RuleDocument
from rules.explanation import rule_in_sql
from rules.expressions import tree
from rules.features import sql
from rules.model import EntityList, FeatureDefinition

SHOWN = ("transaction_id", "account_id", "amount_minor", "currency")


def rule_query(
    document: RuleDocument,
    features: Sequence[FeatureDefinition],
    lists: Iterable[EntityList],
    cell: int = 0,
) -> str:
    """DuckDB's SQL that selects the hits of a rule, with its features and their flags.

    It reads all that a cell decided, later copies of an id too: the stream remembered them.
    """
    names = {*SHOWN, *tree.fields_of(document.when), document.rule.band_of or ""}
    names = names.union(*map(sql.fields_of, features))
    parts = [f"log AS MATERIALIZED (\n{sql.log(names, condition=f'cell = {cell}')}\n)"]
    parts += [f"{_table(item)} AS (\n{sql.feature(item)}\n)" for item in features]
    parts.append(f"scored AS (\n{_scored(features)}\n)")
    values = "".join(f', "{item.name}", "{item.name}.flag"' for item in features)
    return f"""\
WITH {", ".join(parts)}
SELECT position, {", ".join(SHOWN)}, occurred_at{values}
FROM scored
WHERE {_fires(document, lists)}
ORDER BY position"""  # noqa: S608  (names of ours)


def _table(definition: FeatureDefinition) -> str:
    return f'"feature {definition.name}"'


def _scored(features: Sequence[FeatureDefinition]) -> str:
    columns = "".join(
        f',\n  {_table(item)}.value AS "{item.name}", {_table(item)}.flag AS "{item.name}.flag"'
        for item in features
    )
    joins = "".join(f"\nJOIN {_table(item)} USING (position)" for item in features)
    return f"SELECT log.*{columns}\nFROM log{joins}"


def _fires(document: RuleDocument, lists: Iterable[EntityList]) -> str:
    """A rule with bands does not fire where the value that they divide is unknown."""
    condition, band_of = rule_in_sql(document, lists), document.rule.band_of
    return condition if band_of is None else f'{condition} AND "{band_of}" IS NOT NULL'
