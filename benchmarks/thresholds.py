"""Why the thresholds are what they are: `python -m benchmarks.thresholds --data DATA [--only …]`.

Each rule is tried with other numbers in the place of its own, over past transactions: two public
data sets (cards, transfers; in the folder DATA) and a simulated honest month (no data needed). For
each number: hits a day and per thousand transactions, and, where labels exist, precision (the share
of hits that are fraud) and recall (the share of each kind of fraud that is hit).
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import polars as pl
from rich.console import Console
from rich.table import Table

from analytics.batch import score
from benchmarks.threshold_pasts import ID, PASTS, Past
from benchmarks.threshold_sweeps import MONTH, SWEEPS, Variant, rule_set_of, variants
from rules.model import RuleSet
from rules.rule_set import load_catalogue

CATALOGUE = Path(__file__).parents[1] / "rules" / "catalogue"
SHIPPED = "◂ shipped"
WIDTH = 170


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, default=Path(), help="folder of the public data sets")
    parser.add_argument("--only", choices=list(PASTS), help="one of the pasts alone")
    options = parser.parse_args()
    rule_set, mistakes = load_catalogue(CATALOGUE)
    assert not mistakes, mistakes
    console = Console(width=WIDTH)
    for name in [options.only] if options.only else PASTS:
        past = PASTS[name](options.data)
        console.print(swept(past, rule_set, variants(rule_set, SWEEPS[name])))
        if name == MONTH:
            console.print(whole(past, rule_set))


def counted(past: Past, rule_set: RuleSet) -> tuple[pl.DataFrame, pl.DataFrame]:
    """All transactions of the past that count, and a row for each hit; `kind` is null if honest."""
    columns = ("occurred_at", "type")
    scored = score(past.transactions, rule_set, beside=columns, with_features=False)
    kinds = pl.DataFrame(schema={ID: pl.String, "kind": pl.String})
    judged = scored.filter(pl.col("occurred_at") >= past.begin).join(
        kinds if past.kinds is None else past.kinds, on=ID, how="left"
    )
    hits = judged.with_columns(pl.concat_list("hits", "shadow_hits").alias("rule")).explode(
        "rule", empty_as_null=False
    )
    return judged, hits.select("rule", "kind")


def swept(past: Past, rule_set: RuleSet, found: Sequence[Variant]) -> Table:
    """A row for each number of each grid."""
    judged, hits = counted(past, rule_set_of(rule_set, found))
    kinds = judged["kind"].drop_nulls().unique().sort().to_list()
    table = _table(f"{past.title} ({len(judged):,} transactions)", ("rule", "part", "is"))
    for heading in ("hits a day", "per 1,000", *(("precision", *kinds) if kinds else ())):
        table.add_column(heading, justify="right")
    table.add_column("")
    before = None
    for number, variant in enumerate(found):
        own = hits.filter(pl.col("rule") == str(number))
        head = ("", "") if variant.sweep is before else (variant.sweep.rule_id, variant.sweep.part)
        figures = [*_rates(own, judged), *(_quality(own, judged, kinds) if kinds else ())]
        table.add_row(*head, variant.value, *figures, SHIPPED if variant.is_shipped else "")
        before = variant.sweep
    return table


def whole(past: Past, rule_set: RuleSet) -> Table:
    """What the catalogue as it is does to honest traffic."""
    judged, hits = counted(past, rule_set)
    table = _table("The catalogue over the same days", ("rule",))
    for heading in ("hits a day", "per 1,000"):
        table.add_column(heading, justify="right")
    stopped = judged.filter(pl.col("decision") != "approve")
    table.add_row("reviewed or declined, by all together", *_rates(stopped, judged))
    for rule in sorted(rule.id for rule in rule_set.rules):
        own = hits.filter(pl.col("rule") == rule)
        if len(own):
            table.add_row(rule, *_rates(own, judged))
    return table


def _table(title: str, columns: Sequence[str]) -> Table:
    table = Table(title=title, title_justify="left", box=None, header_style="dim")
    for column in columns:
        table.add_column(column)
    return table


def _rates(own: pl.DataFrame, judged: pl.DataFrame) -> list[str]:
    days = judged["occurred_at"].dt.date().n_unique()
    return [f"{len(own) / days:,.2f}", f"{1_000 * len(own) / len(judged):,.3f}"]


def _quality(own: pl.DataFrame, judged: pl.DataFrame, kinds: Sequence[str]) -> list[str]:
    """Precision, then the recall of each kind."""
    fraud = own["kind"].drop_nulls()
    precision = f"{len(fraud) / len(own):.3f}" if len(own) else "-"
    recalls = [int((fraud == kind).sum()) / int((judged["kind"] == kind).sum()) for kind in kinds]
    return [precision, *(f"{recall:.3f}" for recall in recalls)]


if __name__ == "__main__":
    main()
