"""`watchkeeper rules`: the table of its commands; here are those that show rules."""

from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from rules.documents.rules import RuleDocument
from rules.explanation import (
    feature_in_words,
    rule_in_polars,
    rule_in_python,
    rule_in_sql,
    rule_in_words,
)
from rules.model import Status
from watchkeeper.commands.options import AsJson
from watchkeeper.commands.rules_common import CatalogueFolder, counted, document_of, folder_of
from watchkeeper.later import group_of
from watchkeeper.publish import sound_catalogue

LATER = {
    "init": ("rules_init", "init"),
    "diff": ("rules_diff", "diff"),
    **{name: ("rules_lint", name) for name in ("lint", "lock", "schema")},
    "test": ("rules_test", "run_tests"),
    "run": ("rules_run", "run"),
    "sql": ("rules_sql", "sql"),
    "backtest": ("rules_backtest", "run"),
    "plan": ("rules_plan", "run"),
    **{name: ("rules_publish", name) for name in ("propose", "approve", "apply", "reset", "log")},
}
app = typer.Typer(
    no_args_is_help=True, help="Write, test, compare and publish rules.", cls=group_of(LATER)
)

COLOURS = {"critical": "red", "high": "red", "medium": "yellow", "low": "cyan"}


@app.command(name="list")
def show_all(
    *,
    status: Annotated[
        Status | None, typer.Option(help="Only rules of this status.", show_default=False)
    ] = None,
    typology: Annotated[
        str | None, typer.Option(help="Only rules of this typology.", show_default=False)
    ] = None,
    catalogue: CatalogueFolder = None,
    as_json: AsJson = False,
) -> None:
    """Name every rule: what it looks for, how much a hit scores, whether it counts."""
    documents = [
        item
        for item in sound_catalogue(folder_of(catalogue)).documents
        if status in {None, item.rule.status} and typology in {None, item.rule.typology}
    ]
    if as_json:
        print(msgspec.json.encode([_row(item) for item in documents]).decode())
        return
    Console().print(_by_typology(documents))
    typer.echo(_counts(documents))


def _counts(documents: Sequence[RuleDocument]) -> str:
    statuses = Counter(item.rule.status for item in documents)
    listed = ", ".join(f"{statuses[item]} {item}" for item in Status if statuses[item])
    typologies = len({item.rule.typology for item in documents})
    rules = counted(len(documents), "rule")
    word = "typology" if typologies == 1 else "typologies"
    return f"\n{rules} of {typologies} {word}: {listed}." if documents else "No rule is so."


def _by_typology(documents: Sequence[RuleDocument]) -> Table:
    table = Table(box=None)
    widths = {"rule": max((len(item.rule.id) for item in documents), default=4) + 2}
    for name in ("rule", "status", "severity", "score"):
        table.add_column(name, no_wrap=True, min_width=widths.get(name, len(name)))
    table.add_column("title")
    ordered = sorted(documents, key=lambda item: (item.rule.typology, item.rule.id))
    for typology, some in groupby(ordered, key=lambda item: item.rule.typology):
        table.add_row(f"[bold]{typology}[/]")
        for item in some:
            rule = item.rule
            severity = f"[{COLOURS[rule.severity]}]{rule.severity}[/]"
            scores = "/".join(str(score) for score in _scores(item))
            table.add_row(f"  {rule.id}", rule.status, severity, scores, escape(rule.title))
    return table


def _scores(document: RuleDocument) -> list[int]:
    rule = document.rule
    return [band.score for band in rule.bands] if rule.score is None else [rule.score]


def _row(document: RuleDocument) -> dict[str, object]:
    rule = document.rule
    return {
        "id": rule.id,
        "version": rule.version,
        "title": rule.title,
        "typology": rule.typology,
        "severity": rule.severity,
        "status": rule.status,
        "owner": rule.owner,
        "scores": _scores(document),
        "features": rule.features,
        "tests": len(document.cases),
    }


@app.command()
def explain(
    rule_id: Annotated[str, typer.Argument(metavar="ID", help="The rule.")],
    *,
    catalogue: CatalogueFolder = None,
) -> None:
    """Say what a rule does: in plain words, and as the code of each engine."""
    found = sound_catalogue(folder_of(catalogue))
    document = document_of(found, rule_id)
    rule, console = document.rule, Console(highlight=False)
    console.print(f"[bold]{escape(rule.title)}[/]  {rule.id} version {rule.version}, {rule.status}")
    console.print(f"{rule.typology}, {rule.severity}; owned by {escape(rule.owner)}")
    _section(console, "In plain words", rule_in_words(document))
    _section(console, "As written", rule.when)
    _section(console, "In Python, one by one in the stream", rule_in_python(document))
    _section(console, "In Polars, all at once in the batch", rule_in_polars(document, found.lists))
    _section(console, "In DuckDB's SQL, beside fields", rule_in_sql(document, found.lists))
    features = [f"{name}: {feature_in_words(found.features[name])}" for name in rule.features]
    _section(console, "Features", "\n".join(features) or "none")
    _section(console, "What the analyst reads", rule.reason)
    _section(console, "What the analyst does", rule.runbook)
    _section(console, "References", "\n".join(rule.references) or "none")
    cases = [f"{'hit ' if case.is_hit else 'miss'}  {case.name}" for case in document.cases]
    _section(console, "Tests", "\n".join(cases))
    console.print(f"\n[dim]{document.place.path}[/]")


def _section(console: Console, title: str, text: str) -> None:
    console.print(f"\n[bold]{title}[/]")
    console.print(Padding(escape(text), (0, 0, 0, 2)))
