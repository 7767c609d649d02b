"""`watchkeeper simulate`: a bank's traffic with planted attacks, through the API."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from watchkeeper.client import client_of
from watchkeeper.commands.options import AsJson, Data
from watchkeeper.draining import Drained, drain, totals_table
from watchkeeper.sending import Tally, made_ahead, run, send_on_time
from watchkeeper.sending_view import Sent, shown, summary, table
from watchkeeper.settings import data_folder
from watchkeeper.simulator import labels
from watchkeeper.simulator.campaigns import chosen
from watchkeeper.simulator.catches import Catch, catches_table, caught
from watchkeeper.simulator.run import batch_size, batches
from watchkeeper.simulator.traffic import Plan, Traffic
from watchkeeper.simulator.world import build_world
from watchkeeper.stack.descriptor import Descriptor
from watchkeeper.stack.lifecycle import running

ACCOUNTS = 100_000

app = typer.Typer()


class Simulated(msgspec.Struct, frozen=True, kw_only=True):
    """What `watchkeeper simulate --json` prints."""

    seed: int
    start: datetime
    sent: Sent
    stack: Drained
    planted: list[Catch]


@app.command()
def simulate(
    *,
    tps: Annotated[float, typer.Option(min=0.1, max=50_000, help="Transactions a second.")] = 100,
    seconds: Annotated[float, typer.Option(min=0.1, help="How long to send.")] = 60,
    seed: Annotated[int, typer.Option(help="The same seed makes the same customers.")] = 1,
    fraud: Annotated[str, typer.Option(help="`none`, `all`, or attacks as a,b,c.")] = "none",
    label_file: Annotated[
        Path | None, typer.Option("--labels", help="Where to write which were planted.")
    ] = None,
    accounts: Annotated[int, typer.Option(help="How many customers the bank has.")] = ACCOUNTS,
    start: Annotated[
        datetime | None,
        typer.Option(help="Pretend to begin at this time in UTC, to repeat a run; by default now."),
    ] = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Send honest traffic with planted attacks; return when all of it is settled."""
    descriptor = running(data_folder(data))
    begin = start.replace(tzinfo=UTC) if start else datetime.now(UTC)
    plan = Plan(
        seed=seed,
        start_ms=int(begin.timestamp() * 1_000),
        per_second=tps,
        seconds=seconds,
        fraud=chosen(fraud),
    )
    traffic = Traffic(build_world(seed, accounts), plan)
    if label_file is not None:
        labels.write(traffic.labels(), label_file)
    console = Console(stderr=as_json)
    result = send(descriptor, traffic, console)
    if as_json:
        print(msgspec.json.encode(result).decode())
    else:
        show(console, result)
    if result.sent.errors or not result.stack.is_whole:
        raise typer.Exit(1)


def send(descriptor: Descriptor, traffic: Traffic, console: Console) -> Simulated:
    """Send the traffic, wait until it is settled, and see what was caught."""
    tally, plan = Tally(), traffic.plan
    with shown(console, tally, plan.count):
        run(_send(descriptor, traffic, tally))
    drained = drain(descriptor, console)
    return Simulated(
        seed=plan.seed,
        start=datetime.fromtimestamp(plan.start_ms / 1_000, UTC),
        sent=summary(tally),
        stack=drained,
        planted=caught(descriptor, traffic.labels()),
    )


def show(console: Console, result: Simulated) -> None:
    """The closing tables."""
    console.print(table(result.sent))
    console.print(totals_table(result.stack))
    if result.planted:
        console.print(catches_table(result.planted))


async def _send(descriptor: Descriptor, traffic: Traffic, tally: Tally) -> None:
    made = made_ahead(batches(traffic, batch_size(traffic.plan.per_second)))
    async with client_of(descriptor, "simulator", lambda: datetime.now(UTC)) as client:
        await send_on_time(client, made, tally)
