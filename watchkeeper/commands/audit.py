"""`watchkeeper audit`: prove that nothing was changed behind our back, and hand the proof out."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from runtime.audit.checkpoints import Keys
from runtime.audit.places import File, Place, elsewhere
from runtime.audit.ports import LAST
from watchkeeper import audit_export
from watchkeeper.auditing import FAULTS_MAX, Asked, Report
from watchkeeper.auditing import verify as check
from watchkeeper.commands.options import AsJson, Data
from watchkeeper.errors import Failure
from watchkeeper.settings import data_folder
from watchkeeper.stack.descriptor import Descriptor
from watchkeeper.stack.lifecycle import running

ELSEWHERE = "WATCHKEEPER_AUDIT_CHECKPOINTS_URL"

app = typer.Typer(no_args_is_help=True, help="Prove that nothing was changed behind our back.")


@app.callback()
def audit() -> None:
    """Prove that nothing was changed behind our back."""


@app.command()
def verify(
    *,
    data: Data = None,
    as_json: AsJson = False,
    first: Annotated[int, typer.Option("--from", min=1, help="The first record.")] = 1,
    last: Annotated[
        int | None, typer.Option("--to", min=1, help="The last record; by default all.")
    ] = None,
    url: Annotated[
        str | None,
        typer.Option(
            "--checkpoints",
            metavar="URL",
            envvar=ELSEWHERE,
            help="Where checkpoints are too: s3://bucket/folder, file:///folder",
        ),
    ] = None,
) -> None:
    """Check the audit chain, all that it tells of, and the checkpoints outside of the database.

    What waits to be sealed is counted; it is no fault. Exits with 1 where anything is wrong, or
    not all the records are there that were asked for.
    """
    if last is not None and last < first:
        raise Failure(f"--from {first} --to {last}: that is no record.", "Turn them round.")
    descriptor = running(data_folder(data))
    asked = Asked(
        places=places(folder(descriptor), url),
        keys=keys(descriptor),
        archive=descriptor.settings().archive,
        first=first,
        last=last or LAST,
    )
    with counting("records and rows") as tell, reaching(asked.places):
        report = check(descriptor.postgres, asked, tell)
    if as_json:
        typer.echo(msgspec.json.encode(report).decode())
    else:
        show(report, Console(highlight=False))
    if not report.intact:
        raise typer.Exit(1)


@app.command()
def export(
    target: Annotated[Path, typer.Argument(metavar="FOLDER", help="A new folder.")],
    *,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Write a bundle for auditors: records, checkpoints, public key, how to check them alone.

    Bodies of records name persons, accounts and what was looked at: hand it to whom it is for.
    """
    descriptor = running(data_folder(data))
    with counting("records") as tell:
        count = audit_export.write(
            descriptor.postgres, folder(descriptor), keys(descriptor), target, tell
        )
    if as_json:
        typer.echo(msgspec.json.encode({"records": count, "folder": str(target)}).decode())
    else:
        readme = target / audit_export.README_FILE
        typer.echo(f"{count:,} records are in {target}; {readme} tells how to check them.")


def folder(descriptor: Descriptor) -> Path:
    """Where the sealer puts the checkpoints."""
    return descriptor.settings().audit


def places(beside: Path, url: str | None) -> list[Place]:
    """The file beside the data, and what stands elsewhere."""
    if not url:
        return [File(beside)]
    try:
        return [File(beside), elsewhere(url)]
    except ValueError as error:
        raise Failure(
            f"--checkpoints names no place: {error}.",
            "Give s3://bucket/folder or file:///folder.",
        ) from None


@contextmanager
def reaching(places: Sequence[Place]) -> Iterator[None]:
    """Say where checkpoints cannot be read."""
    try:
        yield
    except OSError as error:
        raise Failure(
            f"The checkpoints of {places[-1].name} cannot be read: {error}",
            "See that it is there, and that you may read it; or leave --checkpoints away.",
        ) from None


def keys(descriptor: Descriptor) -> Keys:
    """The stack's keys, or how to get some."""
    if not descriptor.audit_secret:
        raise Failure(
            "This stack has no secret to seal with: it is older than the audit chain.",
            "Bring it down and up again: it gets one, and begins a chain.",
        )
    return Keys.of(descriptor.audit_secret)


@contextmanager
def counting(what: str) -> Iterator[Callable[[int], None]]:
    """Show on a terminal how much was looked at."""
    columns = (SpinnerColumn(), TextColumn("{task.completed:,} {task.description}"))
    console = Console(stderr=True)
    with Progress(*columns, TimeElapsedColumn(), console=console, transient=True) as progress:
        task = progress.add_task(what, total=None)
        yield lambda count: progress.update(task, completed=count)


def show(report: Report, console: Console) -> None:
    """What was looked at, and what is wrong."""
    table = Table(box=None, show_header=False)
    table.add_column(style="dim")
    table.add_column(justify="right")
    table.add_row("records", f"{report.records:,}")
    table.add_row("rows of the books behind them", f"{report.rows:,}")
    for name, agree in report.places.items():
        table.add_row(f"checkpoints that agree ({name})", f"{agree:,}")
    table.add_row("notes that wait to be sealed", f"{report.unsealed:,}")
    console.print(table)
    console.print(f"head {report.head}", style="dim")
    for name, agree in report.places.items():
        if report.is_whole and report.records and not agree:
            console.print(f"[yellow]![/] No checkpoint of {name} saw any of these records.")
    if report.intact:
        console.print("Intact.", style="bold green")
        return
    for fault in report.faults:
        place = f"[red]record {fault.seq}:[/] " if fault.seq else ""
        console.print(f"[bold red]✗[/] {place}{escape(fault.what)}", soft_wrap=True)
    if report.fault_count > FAULTS_MAX:
        console.print(f"… and {report.fault_count - FAULTS_MAX:,} more.", style="dim")
    console.print("Not intact.", style="bold red")
