"""`watchkeeper verify`: make many decisions again, and count those that come out otherwise."""

import gc
import time
from datetime import datetime
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from analytics.replay.archive import Choice
from analytics.replay.cells import verify_archive
from analytics.replay.verifying import Tally
from watchkeeper import replay_view, steps
from watchkeeper.commands.options import AsJson, Data
from watchkeeper.errors import Failure
from watchkeeper.kept import archive_of, books_of
from watchkeeper.settings import data_folder
from watchkeeper.stack.descriptor import load

NAME = "watchkeeper-verify"
DEEP_SAMPLE = 1_000

app = typer.Typer(no_args_is_help=True, help="Prove decisions by making them again.")


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """What `verify decisions --json` prints."""

    verified: int
    differences: int
    per_second: int


@app.callback()
def verify() -> None:
    """Prove decisions by making them again."""


@app.command()
def decisions(
    *,
    sample: Annotated[
        int | None,
        typer.Option(
            min=1, help="So many, chosen by chance; without it all, or 1,000 with --deep."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Another seed chooses other decisions.")] = 0,
    deep: Annotated[
        bool, typer.Option("--deep", help="Compute the features again, from the archive.")
    ] = False,
    first: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="From this day on.")
    ] = None,
    last: Annotated[
        datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Up to this day.")
    ] = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Make archived decisions again and compare them, field by field, with what is stored.

    Days are those of receipt, in UTC. Exits with 1 where a decision comes out otherwise.
    """
    descriptor = load(data_folder(data))
    choice = Choice(
        first=first.date() if first else None,
        last=last.date() if last else None,
        sample=sample or (DEEP_SAMPLE if deep else None),
        seed=seed,
    )
    console, begun = Console(stderr=as_json, highlight=False), time.perf_counter()
    gc.disable()  # Decisions make no cycles, and looking for them takes a quarter of the time.
    with books_of(descriptor, NAME) as connection, steps.shown(console, (1,)) as bar:
        bar.begin("computing features, then decisions" if deep else "making decisions again")
        folder = archive_of(descriptor)
        tally = verify_archive(connection, folder, choice, is_deep=deep, tell=bar.tell)
    _show(tally, time.perf_counter() - begun, console, as_json=as_json)
    if tally.differences:
        raise typer.Exit(1)


def _show(tally: Tally, seconds: float, console: Console, *, as_json: bool) -> None:
    if not tally.verified:
        raise Failure("No decision was archived in these days.", "Widen --from and --to.")
    replay_view.name_first(tally.first, tally.differences, console)
    found = Verified(
        verified=tally.verified,
        differences=tally.differences,
        per_second=round(tally.verified / seconds),
    )
    if as_json:
        print(msgspec.json.encode(found).decode())
        return
    style = "bold red" if found.differences else "bold green"
    many = "every one as stored" if not found.differences else f"{found.differences:,} differ"
    console.print(
        f"{found.verified:,} decisions made again, {many}; {found.per_second:,} a second.",
        style=style,
    )
