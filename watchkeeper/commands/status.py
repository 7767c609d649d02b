"""`watchkeeper status`: what runs, how it is, how much has been done."""

from datetime import UTC, datetime

import msgspec
import typer
from rich.console import Console

from watchkeeper import status as stack_status
from watchkeeper.commands.options import AsJson, Data
from watchkeeper.settings import data_folder
from watchkeeper.stack import view
from watchkeeper.stack.lifecycle import running

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
    console.print(view.addresses(descriptor))
