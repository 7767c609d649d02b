"""`watchkeeper rules`: list, lint, test, explain and publish rules."""

import getpass
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from rules.documents.catalogue import Catalogue, read_catalogue
from rules.documents.rules import RuleDocument
from rules.explanation import feature_in_words, rule_in_python, rule_in_words
from rules.mistakes import Level, Mistake, did_you_mean
from rules.testing import CaseResult, run_rule
from watchkeeper.commands.options import AsJson, Data
from watchkeeper.errors import Failure
from watchkeeper.publish import publish_catalogue, shipped_catalogue, sound_catalogue
from watchkeeper.settings import data_folder
from watchkeeper.stack.descriptor import load

app = typer.Typer(no_args_is_help=True, help="Write, test, compare and publish rules.")

CatalogueFolder = Annotated[
    Path | None,
    typer.Option(
        "--catalogue",
        exists=True,
        file_okay=False,
        help="Folder of the rules [default: the catalogue that is shipped]",
        show_default=False,
    ),
]
COLOURS = {"critical": "red", "high": "red", "medium": "yellow", "low": "cyan"}


def _folder(given: Path | None) -> Path:
    return given or shipped_catalogue()


@app.command(name="list")
def show_all(*, catalogue: CatalogueFolder = None, as_json: AsJson = False) -> None:
    """Name every rule: what it looks for, how much a hit scores, whether it counts."""
    documents = sound_catalogue(_folder(catalogue)).documents
    if as_json:
        print(msgspec.json.encode([_row(item) for item in documents]).decode())
        return
    Console().print(_by_typology(documents))


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
def lint(*, catalogue: CatalogueFolder = None, as_json: AsJson = False) -> None:
    """Find every mistake of every file; exit with 1 where there is one, with 0 on warnings."""
    found = read_catalogue(_folder(catalogue))
    errors = [item for item in found.mistakes if item.level is Level.ERROR]
    if as_json:
        print(msgspec.json.encode([_mistake(item) for item in found.mistakes]).decode())
    else:
        for mistake in found.mistakes:
            typer.echo(mistake.shown())
        typer.echo(_summary(found, len(errors)))
    if errors:
        raise typer.Exit(1)


def _mistake(mistake: Mistake) -> dict[str, object]:
    return {
        "path": mistake.path,
        "line": mistake.line,
        "column": mistake.column,
        "key": mistake.key,
        "message": mistake.message,
        "hint": mistake.hint,
        "level": mistake.level,
    }


def _summary(catalogue: Catalogue, errors: int) -> str:
    warnings = len(catalogue.mistakes) - errors
    if errors:
        return f"{_count(errors, 'mistake')}, {_count(warnings, 'warning')}."
    counted = {
        "rule": catalogue.documents,
        "feature": catalogue.features,
        "list": catalogue.lists,
    }
    counts = ", ".join(_count(len(found), word) for word, found in counted.items())
    noted = f", {_count(warnings, 'warning')}" if warnings else ""
    return f"{counts}: no mistake{noted}. Rule set {catalogue.rule_set().fingerprint()}"


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


@app.command(name="test")
def run_tests(
    rule_ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]...", help="rules; all if none is named")
    ] = None,
    *,
    catalogue: CatalogueFolder = None,
    as_json: AsJson = False,
) -> None:
    """Run the tests that stand in the rule files; exit with 1 where one fails."""
    found = sound_catalogue(_folder(catalogue))
    documents = [_document(found, rule_id) for rule_id in rule_ids or ()] or found.documents
    results = {item.rule.id: run_rule(item, found) for item in documents}
    every = [result for some in results.values() for result in some]
    failed = [result for result in every if not result.is_as_expected]
    if as_json:
        counts = {"rules": len(results), "tests": len(every), "failed": len(failed)}
        print(msgspec.json.encode(counts).decode())
    else:
        _print_results(results, failed)
    if failed:
        raise typer.Exit(1)


def _print_results(results: dict[str, list[CaseResult]], failed: list[CaseResult]) -> None:
    console = Console()
    table = Table("", "rule", "test", "expected", "got", box=None)
    for rule_id, some in results.items():
        for number, result in enumerate(some):
            mark = "[green]✓[/]" if result.is_as_expected else "[bold red]✗[/]"
            expected = "hit" if result.case.is_hit else "no hit"
            got = "no hit" if result.hit is None else f"hit, {result.hit.score}"
            name = rule_id if number == 0 else ""
            table.add_row(mark, name, escape(result.case.name), expected, got)
    console.print(table)
    for result in failed:
        _print_failure(console, result)
    total = sum(map(len, results.values()))
    console.print(f"{_count(len(results), 'rule')}, {_count(total, 'test')}, {len(failed)} failed.")


def _print_failure(console: Console, result: CaseResult) -> None:
    place = result.case.place
    console.print(
        f"\n[bold red]✗[/] {result.rule_id}: {escape(result.case.name)}  "
        f"[dim]{place.path}:{place.line}[/]",
        highlight=False,
    )
    for difference in result.differences:
        console.print(f"  {escape(difference)}", highlight=False)
    for name, value in result.values.items():
        flag = f" ({result.flags[name]})" if name in result.flags else ""
        console.print(f"  {name} = {'null' if value is None else value}{flag}", highlight=False)


@app.command()
def explain(rule_id: str, *, catalogue: CatalogueFolder = None) -> None:
    """Say what a rule does: in plain words, as SQL, and as the Python that runs in the stream."""
    found = sound_catalogue(_folder(catalogue))
    document = _document(found, rule_id)
    rule, console = document.rule, Console(highlight=False)
    console.print(f"[bold]{escape(rule.title)}[/]  {rule.id} version {rule.version}, {rule.status}")
    console.print(f"{rule.typology}, {rule.severity}; owned by {escape(rule.owner)}")
    _section(console, "In plain words", rule_in_words(document))
    _section(console, "In SQL", rule.when)
    _section(console, "In Python", rule_in_python(document))
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


def _document(catalogue: Catalogue, rule_id: str) -> RuleDocument:
    document = catalogue.document(rule_id)
    if document is None:
        hint = did_you_mean(rule_id, [item.rule.id for item in catalogue.documents])
        known = "`watchkeeper rules list` names them."
        raise Failure(f'There is no rule "{rule_id}"{f"; {hint}" if hint else "."}', known)
    return document


@app.command()
def apply(
    *,
    catalogue: CatalogueFolder = None,
    data: Data = None,
    by: Annotated[str | None, typer.Option(help="Who publishes [default: you]")] = None,
    as_json: AsJson = False,
) -> None:
    """Publish the rules to the running stack; they count from the next transaction on."""
    descriptor = load(data_folder(data))
    who = by or getpass.getuser()
    rule_set, cells = publish_catalogue(descriptor, _folder(catalogue), who, datetime.now(UTC))
    if as_json:
        print(msgspec.json.encode({"rule_set": rule_set, "cells": cells}).decode())
    elif cells:
        typer.echo(f"Rule set {rule_set} stands in the log and counts from here on.")
    else:
        typer.echo(f"Rule set {rule_set} is the newest already; nothing was written.")
