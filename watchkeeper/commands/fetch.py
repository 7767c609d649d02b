"""`watchkeeper fetch`: what the stack needs beside Python packages."""

from typing import Annotated

import typer
from rich.console import Console

from watchkeeper.stack.servers import jars

app = typer.Typer()


@app.command()
def fetch(
    *,
    lock: Annotated[
        bool, typer.Option("--lock", help="Resolve the jars anew and write the lock file.")
    ] = False,
) -> None:
    """Fetch Kafka's jars where they are missing, and check each against the lock file."""
    console = Console()
    if lock:
        console.print(f"{jars.write_lock()} jars are in {jars.LOCK.name} now.")
    wanted = len(jars.missing())
    with console.status(f"Fetching {wanted} jars") as shown:
        found = jars.fetch(
            progress=lambda done, count: shown.update(f"Kafka's jars: {done} of {count}")
        )
    console.print(f"Kafka's {len(found)} jars are here, {wanted} of them new; each is as locked.")
