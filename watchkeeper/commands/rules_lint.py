"""`watchkeeper rules lint`, `lock` and `schema`: what is wrong, what it costs, what is kept."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.table import Table

from rules.costs import EVENT_US, KEY_US, MEGABYTE, RULE_US
from rules.documents.budget import Budget
from rules.documents.locking import lock_path, lock_text
from rules.documents.modelines import write_schemas
from rules.documents.reference import reference
from rules.linting import Linted
from rules.linting import lint as linted
from rules.mistakes import Mistake
from watchkeeper import answers
from watchkeeper.commands.options import AsJson
from watchkeeper.commands.rules_common import CatalogueFolder, counted, folder_of
from watchkeeper.errors import Failure
from watchkeeper.publish import sound_catalogue


def lint(
    *,
    catalogue: CatalogueFolder = None,
    costs: Annotated[
        bool, typer.Option("--costs", help="Show what each feature costs, against the budget.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Find every mistake of every file; exit with 1 where there is one, with 0 on warnings."""
    found = linted(folder_of(catalogue))
    if as_json:
        rows = [_cost(found)] if costs else [_row(item) for item in found.mistakes]
        print(msgspec.json.encode(rows[0] if costs else rows).decode())
    else:
        for mistake in found.mistakes:
            typer.echo(mistake.shown())
        if costs:
            _print_costs(found)
        typer.echo(_summary(found))
    if found.errors:
        raise typer.Exit(1)


def _row(mistake: Mistake) -> dict[str, object]:
    return {
        "path": mistake.path,
        "line": mistake.line,
        "column": mistake.column,
        "key": mistake.key,
        "message": mistake.message,
        "hint": mistake.hint,
        "level": mistake.level,
    }


def _cost(found: Linted) -> dict[str, object]:
    return {
        "features": [
            {
                "name": item.name,
                "keys": item.keys,
                "entries": item.entries,
                "bytes": item.bytes,
                "microseconds": item.microseconds,
            }
            for item in found.costs.features
        ],
        "bytes": found.costs.bytes,
        "microseconds": round(found.costs.microseconds, 3),
    }


def _print_costs(found: Linted) -> None:
    costs, budget = found.costs, found.budget
    table = Table(box=None)
    table.add_column("feature", no_wrap=True)
    for name in ("keys", "entries of a key", "MB", "µs an event"):
        table.add_column(name, justify="right")
    for item in sorted(costs.features, key=lambda item: (-item.bytes, item.name)):
        size = f"{item.bytes / MEGABYTE:,.1f}"
        cells = (f"{item.keys:,}", f"{item.entries:,}", size, f"{item.microseconds:.2f}")
        table.add_row(item.name, *cells)
    other = EVENT_US + costs.keys * KEY_US + costs.rules * RULE_US
    table.add_row("[dim]messages, keys and rules[/]", "", "", "", f"{other:.2f}")
    total = f"{costs.bytes / MEGABYTE:,.1f}"
    table.add_row("[bold]all[/]", "", "", f"[bold]{total}[/]", f"[bold]{costs.microseconds:.2f}[/]")
    if budget is not None:
        table.add_row(*_allowed(budget))
    answers.console().print(table)


def _allowed(budget: Budget) -> Sequence[str]:
    return (
        "[dim]budget.yaml allows[/]",
        "",
        "",
        f"{budget.state_megabytes:,}",
        f"{budget.microseconds_per_event:g}",
    )


def _summary(found: Linted) -> str:
    catalogue, errors = found.catalogue, len(found.errors)
    warnings = len(found.mistakes) - errors
    if errors:
        return f"{counted(errors, 'mistake')}, {counted(warnings, 'warning')}."
    parts = {"rule": catalogue.documents, "feature": catalogue.features, "list": catalogue.lists}
    counts = ", ".join(counted(len(some), word) for word, some in parts.items())
    noted = f", {counted(warnings, 'warning')}" if warnings else ""
    return f"{counts}: no mistake{noted}. Rule set {catalogue.rule_set().fingerprint()}"


def lock(*, catalogue: CatalogueFolder = None) -> None:
    """Write down which version of each rule says what, so that none changes unnoticed."""
    folder = folder_of(catalogue)
    found = linted(folder)
    if found.errors:
        listed = "\n".join(item.shown() for item in found.errors)
        raise Failure(f"The catalogue has mistakes:\n{listed}", "Mend them first.")
    path = lock_path(folder)
    before = path.read_text() if path.is_file() else ""
    after = lock_text(sound_catalogue(folder))
    path.write_text(after)
    changed = set(after.splitlines()) - set(before.splitlines()) - {after.splitlines()[0]}
    for line in sorted(changed):
        rule_id, version, _ = line.split()
        typer.echo(f"{rule_id} version {version}")
    typer.echo(f"{counted(len(changed), 'rule')} new or changed in {path}.")


def schema(
    *,
    reference_file: Annotated[
        Path | None,
        typer.Option(
            "--reference", dir_okay=False, help="Write the reference of the language there too."
        ),
    ] = None,
    catalogue: CatalogueFolder = None,
) -> None:
    """Write the JSON Schemas that editors complete and check with, and name them in each file."""
    changed = write_schemas(folder_of(catalogue))
    if reference_file is not None:
        reference_file.write_text(reference())
        changed.append(reference_file)
    for path in changed:
        typer.echo(str(path))
    typer.echo(f"{counted(len(changed), 'file')} written.")
