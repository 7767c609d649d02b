"""`watchkeeper doctor`: what could keep the stack from running."""

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from watchkeeper import doctor as doctors
from watchkeeper.commands.options import AsJson, Data
from watchkeeper.settings import data_folder

app = typer.Typer()


@app.command()
def doctor(*, data: Data = None, as_json: AsJson = False) -> None:
    """Find what could keep the stack from running, and how to mend it; exits with 1 if any."""
    checks = list(doctors.examine(data_folder(data)))
    is_well = all(check.is_well for check in checks)
    if as_json:
        print(msgspec.json.encode({"is_well": is_well, "checks": checks}).decode())
    else:
        Console().print(_table(checks))
    if not is_well:
        raise typer.Exit(1)


def _table(checks: list[doctors.Check]) -> Table:
    table = Table.grid(padding=(0, 2))
    for check in checks:
        mark = Text("✓", "green") if check.is_well else Text("✗", "bold red")
        table.add_row(mark, check.name, Text(check.found, "dim" if check.is_well else "red"))
        if not check.is_well:
            table.add_row("", "", Text(f"→ {check.mend}", "green"))
    return table
