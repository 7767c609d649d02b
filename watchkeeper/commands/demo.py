"""`watchkeeper demo`: the stack, a bank's traffic with every attack, and where to look."""

import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from watchkeeper.client import client_of
from watchkeeper.commands.options import Data
from watchkeeper.demonstration import Demonstrated, demonstrated, write_tokens
from watchkeeper.draining import drain, totals_table
from watchkeeper.own_stack import interruptible, own_stack
from watchkeeper.sending import Tally, made_ahead, run, send_on_time
from watchkeeper.sending_view import shown, summary, table
from watchkeeper.settings import data_folder
from watchkeeper.simulator.campaigns import CAMPAIGNS
from watchkeeper.simulator.catches import catches_table, caught
from watchkeeper.simulator.run import batch_size, batches
from watchkeeper.simulator.traffic import Label, Plan, Traffic
from watchkeeper.simulator.world import World, build_world
from watchkeeper.stack.descriptor import Descriptor, NoStack
from watchkeeper.stack.lifecycle import running
from watchkeeper.stack.wishes import Wishes

ROUND_SECONDS = 60.0
SHORTEST_ROUND_SECONDS = 5.0
WARM_UP = timedelta(seconds=10)
SAMPLE_SQL = "SELECT verdict, count(*) FROM transactions GROUP BY verdict ORDER BY 2 DESC"

app = typer.Typer()


@app.command()
def demo(
    *,
    seconds: Annotated[
        float | None,
        typer.Option(
            min=SHORTEST_ROUND_SECONDS,
            envvar="DEMO_SECONDS",
            help="How long traffic flows; by default until Ctrl-C.",
        ),
    ] = None,
    tps: Annotated[float, typer.Option(min=60, max=5_000, help="Transactions a second.")] = 200,
    accounts: Annotated[int, typer.Option(help="How many customers the bank has.")] = 100_000,
    seed: Annotated[int, typer.Option(help="The same seed makes the same customers.")] = 1,
    data: Data = None,
) -> None:
    """Start everything, send traffic with every kind of attack, and show where to look.

    Ends with a table and, as the last line, one JSON object; exits with 1 where anything was lost
    or done twice, or the books do not balance.
    """
    console = Console()
    with interruptible(), _stack(data_folder(data), console) as descriptor:
        write_tokens(descriptor, datetime.now(UTC))
        _tell(console, descriptor)
        show = _Show(descriptor, build_world(seed, accounts), tps, console)
        try:
            show.play(seconds)
        except KeyboardInterrupt:
            console.print("Stopped sending.")
        result = show.close()
    print(msgspec.json.encode(result).decode(), flush=True)
    if not result.is_whole:
        raise typer.Exit(1)


@contextmanager
def _stack(data: Path, console: Console) -> Iterator[Descriptor]:
    """The stack that runs there already, left alone at the end; or one of our own."""
    try:
        found = running(data)
    except NoStack:
        with own_stack(Wishes(data=data), datetime.now(UTC), console) as descriptor:
            yield descriptor
        return
    yield found


class _Show:
    """Rounds of traffic, each with every attack, and what came of them."""

    def __init__(self, descriptor: Descriptor, world: World, tps: float, console: Console) -> None:
        self.descriptor, self.world, self.tps, self.console = descriptor, world, tps, console
        self.began = datetime.now(UTC)
        self.tally = Tally()
        self.labels: list[Label] = []

    def play(self, seconds: float | None) -> None:
        """Send for so long, or until somebody stops us."""
        ends = None if seconds is None else monotonic() + seconds
        while (left := ROUND_SECONDS if ends is None else ends - monotonic()) > 0:
            length = max(SHORTEST_ROUND_SECONDS, min(left, ROUND_SECONDS))
            if ends is not None and left - length < SHORTEST_ROUND_SECONDS:
                length = max(left, SHORTEST_ROUND_SECONDS)
            self._round(length)

    def _round(self, seconds: float) -> None:
        write_tokens(self.descriptor, datetime.now(UTC))
        plan = Plan(
            seed=self.world.seed,
            start_ms=int(datetime.now(UTC).timestamp() * 1_000),
            per_second=self.tps,
            seconds=seconds,
            fraud=tuple(CAMPAIGNS),
        )
        traffic = Traffic(self.world, plan)
        self.labels += traffic.labels()
        self.tally = Tally()
        with shown(self.console, self.tally, plan.count):
            run(self._send(traffic))

    async def _send(self, traffic: Traffic) -> None:
        made = made_ahead(batches(traffic, batch_size(self.tps)))
        clock = lambda: datetime.now(UTC)  # noqa: E731
        async with client_of(self.descriptor, "demo", clock) as client:
            await send_on_time(client, made, self.tally)

    def close(self) -> Demonstrated:
        """Wait until all is settled; show the closing tables."""
        drained = drain(self.descriptor, self.console)
        self.console.print(table(summary(self.tally)))
        self.console.print(catches_table(caught(self.descriptor, self.labels)))
        self.console.print(totals_table(drained))
        return demonstrated(self.descriptor, drained, self.began + WARM_UP)


def _tell(console: Console, descriptor: Descriptor) -> None:
    """Where to look, and what to try: each command on one line, to be copied."""
    places = Table.grid(padding=(0, 2))
    places.add_row("Screen", Text(descriptor.dashboard_url, "bold cyan"))
    places.add_row("API", Text(f"{descriptor.api_url}/openapi.json", "cyan"))
    console.print(
        Panel(places, title="Watchkeeper is watching", expand=False, border_style="green")
    )
    console.print("[dim]In another terminal:[/]")
    for command in _samples(descriptor):
        console.print(f"  {command}", highlight=False, markup=False, soft_wrap=True)
    console.print("[dim]Ctrl-C ends the demo.[/]")


def _samples(descriptor: Descriptor) -> tuple[str, ...]:
    folder = descriptor.folder.data
    here = Path.cwd()
    data = shlex.quote(str(folder.relative_to(here) if folder.is_relative_to(here) else folder))
    bearer = f'"Authorization: Bearer $(cat {data}/tokens/analyst)"'
    return (
        f"curl -s -H {bearer} {descriptor.api_url}/v1/monitoring",
        f'{_program()} sql --data {data} "{SAMPLE_SQL}"',
        f"{_program()} status --data {data}",
    )


def _program() -> str:
    path = Path(sys.executable).with_name("watchkeeper")
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
