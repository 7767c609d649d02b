"""`watchkeeper ledger`: prove that the books are right, and agree with log and archive."""

from collections.abc import Iterator
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from analytics import reconciliation
from analytics.stocktaking import Report, take_stock
from ledger import invariants
from runtime.postgres import connect
from watchkeeper.commands.options import AsJson, Data
from watchkeeper.settings import data_folder
from watchkeeper.stack.lifecycle import running
from watchkeeper.status import places

NAME = "watchkeeper-ledger-check"
SECONDS_MAX = 3600
WORK_MEMORY = "128MB"

app = typer.Typer(no_args_is_help=True, help="Read the books and prove that they agree.")


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """A claim, how many offend against it, and the first of them; `part` is whose claim it is."""

    part: str
    claim: str
    count: int
    offenders: tuple[str, ...]


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What `ledger check --json` prints.

    `compared_until` is a position for each cell, `compared` what each place has up to there.
    """

    holds: bool
    compared_until: dict[str, int] = {}
    compared: dict[str, int] = {}
    lost: int = 0
    duplicated: int = 0
    checks: tuple[Checked, ...]


@app.callback()
def ledger() -> None:
    """Read the books and prove that they agree."""


@app.command()
def check(
    *,
    data: Data = None,
    as_json: AsJson = False,
    books_only: Annotated[
        bool, typer.Option("--books-only", help="Do not compare with the log and the archive.")
    ] = False,
) -> None:
    """Check every invariant of the books, and compare them by id with log, decisions and archive.

    The comparison goes up to the position that every consumer has passed. Exits with 1 where
    anything offends.
    """
    descriptor = running(data_folder(data))
    report = None if books_only else take_stock(places(descriptor)).report()
    checks = (*of_books(descriptor.postgres), *(of_stock(report) if report else ()))
    verdict = Verdict(
        holds=not any(each.count for each in checks),
        compared_until=report.compared_until if report else {},
        compared=report.compared if report else {},
        lost=report.lost if report else 0,
        duplicated=report.duplicated if report else 0,
        checks=checks,
    )
    if as_json:
        typer.echo(msgspec.json.encode(verdict).decode())
    else:
        show(verdict, Console(highlight=False))
    if not verdict.holds:
        raise typer.Exit(1)


def of_books(dsn: str) -> Iterator[Checked]:
    """The invariants of the books, all of one instant."""
    with connect(dsn, NAME, statement_seconds=SECONDS_MAX, work_mem=WORK_MEMORY) as connection:
        for finding in invariants.check(connection):
            yield Checked(
                part=finding.invariant.number,
                claim=finding.invariant.claim,
                count=finding.count,
                offenders=finding.offenders,
            )


def of_stock(report: Report) -> Iterator[Checked]:
    """What was compared by id, cell by cell."""
    for found in report.checks:
        yield Checked(
            part=found.kind,
            claim=found.claim,
            count=found.count,
            offenders=tuple(map(_offender, found.offenders)),
        )


def _offender(offender: reconciliation.Offender) -> str:
    return f"{offender.event_id} at {offender.cell}/{offender.position}"


def show(verdict: Verdict, console: Console) -> None:
    """One line a claim; below, who offends."""
    table = Table(box=None, header_style="dim")
    table.add_column("")
    table.add_column("part")
    table.add_column("claim")
    table.add_column("offenders", justify="right")
    for each in verdict.checks:
        mark = "[bold red]✗[/]" if each.count else "[green]✓[/]"
        table.add_row(mark, each.part, escape(each.claim), f"{each.count:,}")
    console.print(table)
    for each in verdict.checks:
        for offender in each.offenders:
            console.print(f"[red]{each.part}[/] {escape(offender)}")
    until = ", ".join(f"{cell}/{at:,}" for cell, at in verdict.compared_until.items())
    if until:
        counts = " · ".join(f"{name} {count:,}" for name, count in verdict.compared.items())
        console.print(f"Compared up to position {until} (cell/position): {counts}")
    if verdict.holds:
        console.print("Every claim holds.", style="bold green")
    else:
        console.print("The books are not as they must be.", style="bold red")
