"""`watchkeeper status`: what runs, how it is, how much has been done."""

from datetime import UTC, datetime

import msgspec
import typer
from rich.console import Console, Group
from rich.table import Table

from analytics.stocktaking import Totals
from watchkeeper import status as stack_status
from watchkeeper.commands.options import AsJson, Data
from watchkeeper.settings import data_folder
from watchkeeper.stack import view
from watchkeeper.stack.lifecycle import running

LOG_END = "log_end"
COLUMNS = 5

app = typer.Typer()


@app.command()
def status(*, data: Data = None, as_json: AsJson = False) -> None:
    """Say what runs, how it is, and how much has been done."""
    descriptor = running(data_folder(data))
    found = stack_status.status(descriptor, datetime.now(UTC))
    if as_json:
        print(msgspec.json.encode(found).decode())
        return
    console = Console()
    console.print(view.running(found.processes))
    if found.totals is None:
        console.print("[yellow]Nothing can be counted while Kafka or Postgres is away.[/]")
    else:
        console.print(_totals(found.totals))
        console.print(_watermarks(found.watermarks))
    if found.warming is not None:
        console.print(found.warming.sentence(), style="yellow" if found.warming.features else "dim")
    console.print(view.addresses(descriptor))


def _totals(totals: Totals) -> Group:
    counts = list(msgspec.structs.asdict(totals).items())
    return Group(_counts(counts[:COLUMNS]), _counts(counts[COLUMNS:]))


def _counts(counts: list[tuple[str, int]]) -> Table:
    table = Table(box=None, header_style="dim")
    for name, _ in counts:
        table.add_column(name.replace("_", " "), justify="right", min_width=12)
    table.add_row(*(f"{count:,}" for _, count in counts))
    return table


def _watermarks(watermarks: dict[str, dict[str, int]]) -> Table:
    """How far each consumer is, and how far behind the end of the log."""
    table = Table("position", "cell", box=None, header_style="dim")
    for heading in ("passed", "behind"):
        table.add_column(heading, justify="right")
    ends = watermarks[LOG_END]
    for name, cells in watermarks.items():
        for cell, position in cells.items():
            behind = "" if name == LOG_END else f"{max(0, ends[cell] - 1 - position):,}"
            table.add_row(name.replace("_", " "), cell, f"{position:,}", behind)
    return table
