"""`watchkeeper bench ledger`: how fast the books are written."""

from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from watchkeeper.bench.ledger import Load, Report, Speed, measure
from watchkeeper.commands.options import AsJson
from watchkeeper.own_stack import interruptible, temporary_folder


def ledger(
    *,
    transactions: Annotated[int, typer.Option(min=1, help="How many to measure.")] = 200_000,
    one_by_one: Annotated[int, typer.Option(min=1, help="Of these one at a time.")] = 1_000,
    batch: Annotated[int, typer.Option(min=1, max=10_000, help="Transactions a batch.")] = 2_000,
    accounts: Annotated[int, typer.Option(min=1, help="Customers of the bank.")] = 100_000,
    warm_up: Annotated[int, typer.Option(min=0, help="Booked before, not measured.")] = 100_000,
    seed: Annotated[int, typer.Option(help="The same seed makes the same load.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Book random accounts, then one hot account, then one at a time; then check the books.

    Postgres is one of its own, with fsync on, in a temporary folder. Exits with 1 where an
    invariant does not hold.
    """
    load = Load(
        transactions=transactions,
        one_by_one=one_by_one,
        batch=batch,
        accounts=accounts,
        warm_up=warm_up,
        seed=seed,
    )
    console = Console(stderr=True)
    with interruptible(), temporary_folder() as folder, console.status("booking"):
        found = measure(load, folder)
    if as_json:
        print(msgspec.json.encode(found).decode())
    else:
        Console().print(_table(found))
    if not found.invariants_hold:
        raise typer.Exit(1)


def _table(found: Report) -> Table:
    table = Table(title="Writing the books", box=None, title_justify="left", header_style="dim")
    table.add_column("")
    for heading in ("a second", "writer", "Postgres", "others used"):
        table.add_column(heading, justify="right")
    for name, speed in (
        ("random accounts", found.random_accounts),
        ("one hot account", found.hot_account),
        ("one by one", found.one_by_one),
    ):
        table.add_row(name, *_cells(speed))
    offences = sum(found.offences.values())
    table.caption = (
        f"{found.batch:,} a batch, {found.machine.cpu}, {found.machine.cores} cores. "
        + ("Every invariant holds." if found.invariants_hold else f"{offences} offences!")
    )
    table.caption_justify = "left"
    return table


def _cells(speed: Speed) -> tuple[str, str, str, str]:
    return (
        f"{speed.per_second:,.0f}",
        f"{speed.writer_us:,.1f} µs",
        f"{speed.postgres_us:,.1f} µs",
        f"{speed.other_cores:.2f} cores",
    )
