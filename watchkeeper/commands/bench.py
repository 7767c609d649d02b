"""`watchkeeper bench`: measure the whole way on a stack made for it."""

from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from watchkeeper.bench.end_to_end import Load, Report, observe, prepare, report
from watchkeeper.commands import bench_ledger, bench_scoring
from watchkeeper.commands.options import AsJson
from watchkeeper.errors import Failure
from watchkeeper.figures import figures_table
from watchkeeper.own_stack import interruptible, own_stack, temporary_folder
from watchkeeper.stack.wishes import Wishes

# Nobody looks at the screen of a bench; all else is as it always is.
LEFT_OUT = frozenset({"dashboard"})

app = typer.Typer(no_args_is_help=True)
app.command()(bench_ledger.ledger)
app.command()(bench_scoring.scoring)


@app.callback()
def bench() -> None:
    """Measure the whole way, or a part of it, on a stack made for it."""


@app.command()
def e2e(
    *,
    tps: Annotated[float, typer.Option(min=1, help="Transactions a second.")] = 5_000,
    seconds: Annotated[float, typer.Option(min=1, help="How long to measure.")] = 60,
    warm_up: Annotated[float, typer.Option(min=0, help="Seconds before, not measured.")] = 10,
    accounts: Annotated[int, typer.Option(help="How many customers the bank has.")] = 100_000,
    batch: Annotated[int, typer.Option(min=1, max=1_000, help="Transactions a request.")] = 100,
    seed: Annotated[int, typer.Option(help="The same seed makes the same customers.")] = 1,
    scoring_workers: Annotated[int, typer.Option(min=1, max=16)] = 1,
    keep: Annotated[
        Path | None, typer.Option(help="Make the stack in this new folder, and leave it there.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Send at an even rate, whatever comes back; say how late decisions and bookings are.

    Latency counts from the moment at which a batch was due. The stack is made in a temporary
    folder and removed afterwards; it runs without the dashboard.
    """
    load = Load(
        per_second=tps, seconds=seconds, warm_up=warm_up, accounts=accounts, batch=batch, seed=seed
    )
    if keep is not None and keep.exists():
        raise Failure(f"{keep} is there already.", "A bench begins with nothing: name a new one.")
    console = Console(stderr=True)
    with interruptible(), nullcontext(keep.absolute()) if keep else temporary_folder() as folder:
        found = _measured(load, folder, scoring_workers, console)
    if as_json:
        print(msgspec.json.encode(found).decode())
    else:
        Console().print(_table(found))
    if found.lost or found.duplicated:
        raise typer.Exit(1)


def _measured(load: Load, folder: Path, scoring_workers: int, console: Console) -> Report:
    wishes = Wishes(data=folder, without=LEFT_OUT, scoring_workers=scoring_workers)
    with own_stack(wishes, datetime.now(UTC), console) as descriptor:
        with console.status("rendering the load"):
            traffic, ready = prepare(load, datetime.now(UTC))
        console.print(f"sending {traffic.plan.count:,} transactions")
        observed = observe(descriptor, traffic, ready, lambda: datetime.now(UTC), console)
    return report(load, observed)


def _table(found: Report) -> Table:
    table = figures_table("End to end", found)
    for name, cost in found.processes.items():
        table.add_row(
            name,
            f"{cost.cpu_us_per_transaction:,.1f} µs  {cost.cores:.2f} cores  "
            f"{cost.rss_mib:,.0f} MiB",
        )
    machine = found.machine
    table.add_row("machine", f"{machine.cpu}, {machine.cores} cores, {machine.memory_gib:g} GiB")
    return table
