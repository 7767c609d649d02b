"""`watchkeeper bench scoring`: what a decision costs."""

from datetime import UTC, datetime
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from watchkeeper.bench.scoring import Load, Report, measure
from watchkeeper.commands.options import AsJson
from watchkeeper.figures import figures_table


def scoring(
    *,
    events: Annotated[int, typer.Option(min=1, help="How many to measure.")] = 1_000_000,
    warm_up: Annotated[int, typer.Option(min=1, help="Scored before, not measured.")] = 200_000,
    accounts: Annotated[int, typer.Option(min=100, help="Customers of the bank.")] = 100_000,
    batch: Annotated[int, typer.Option(min=1, max=1_000, help="Messages a batch.")] = 500,
    tps: Annotated[float, typer.Option(min=1, help="Transactions a second of their time.")] = 100,
    snapshot_seconds: Annotated[
        float, typer.Option(min=0.1, help="Of work between two snapshots; the flow: 20.")
    ] = 10,
    seed: Annotated[int, typer.Option(help="The same seed makes the same load.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Score simulated traffic in memory, on one core, with the shipped catalogue.

    Encoded messages become encoded decisions through the operators of the flow, without Kafka.
    Counted is the processor's own time; the traffic is made between the batches and not counted.
    """
    load = Load(
        events=events,
        warm_up=warm_up,
        accounts=accounts,
        batch=batch,
        per_second=tps,
        snapshot_seconds=snapshot_seconds,
        seed=seed,
    )
    with Console(stderr=True).status("scoring"):
        found = measure(load, lambda: datetime.now(UTC))
    if as_json:
        print(msgspec.json.encode(found).decode())
    else:
        Console().print(_table(found))


def _table(found: Report) -> Table:
    table = figures_table("Scoring")
    table.add_row("events a second of one core", f"[bold]{found.events_per_second:,}[/]")
    for stage, microseconds in found.us_per_event.items():
        table.add_row(f"  {stage}", f"{microseconds:,.2f} µs an event")
    table.add_row("a snapshot holds up", f"{found.snapshot_ms:,.0f} ms")
    table.add_row("a copy then writes it in", f"{found.snapshot_copy_ms:,.0f} ms")
    table.add_row("of an account it has", f"{found.snapshot_bytes_per_account:,} bytes")
    table.add_row("features of an account", f"{found.state_bytes_per_account:,} bytes")
    table.add_row("events with a hit", f"{found.hits_percent:.2f} %")
    table.add_row("most memory in use", f"{found.peak_memory_mib:,} MiB")
    table.caption = (
        f"{found.events:,} events of {found.accounts:,} accounts, "
        f"{found.rules} rules, {found.features} features."
    )
    table.caption_justify = "left"
    return table
