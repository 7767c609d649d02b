"""`watchkeeper ingest`: a file of transactions, through the API like all others."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from watchkeeper import json_columns
from watchkeeper.client import client_of
from watchkeeper.commands.options import AsJson, Data
from watchkeeper.draining import Drained, drain, totals_table
from watchkeeper.ingest.reading import read_mapping, recognised
from watchkeeper.ingest.rows import ParquetFile, Reading
from watchkeeper.sending import Batch, Tally, made_ahead, run, send_in_turn, send_on_time
from watchkeeper.sending_view import Sent, shown, summary, table
from watchkeeper.settings import data_folder
from watchkeeper.stack.descriptor import Descriptor
from watchkeeper.stack.lifecycle import running

BATCH, IN_FLIGHT = 1_000, 4
RATE_BATCH_SECONDS = 0.1

app = typer.Typer()


class Ingested(msgspec.Struct, frozen=True, kw_only=True):
    """What `watchkeeper ingest --json` prints."""

    file: str
    mapping: str
    rows: int
    skipped: int
    sent: Sent
    stack: Drained


@app.command()
def ingest(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A Parquet file.")],
    *,
    mapping: Annotated[
        Path | None, typer.Option(help="A mapping of your own; by default one that knows the file.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Send so many at most.")] = None,
    tps: Annotated[
        float | None, typer.Option(min=1, help="Rows a second; by default as fast as it goes.")
    ] = None,
    in_flight: Annotated[
        int, typer.Option(min=1, max=32, help="Requests at a time; 1 keeps the file's order.")
    ] = IN_FLIGHT,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Send a file; rows that were sent before add nothing. Returns when all of it is settled."""
    opened = ParquetFile.at(file)
    known = read_mapping(mapping, opened.columns) if mapping else recognised(opened.columns)
    descriptor = running(data_folder(data))
    console = Console(stderr=as_json)
    count = min(opened.rows, limit or opened.rows)
    console.print(f"{file.name}: {known.title}, {count:,} of {opened.rows:,} rows")
    tally = Tally()
    reading = opened.reading(known, limit)
    batches = _batches(reading, tps)
    with shown(console, tally, count):
        run(_send(descriptor, batches, tally, in_flight if tps is None else None))
    drained = drain(descriptor, console)
    result = Ingested(
        file=file.name,
        mapping=known.name,
        rows=opened.rows,
        skipped=reading.skipped,
        sent=summary(tally),
        stack=drained,
    )
    _tell(console, result, as_json=as_json)
    if result.sent.errors or not result.stack.is_whole:
        raise typer.Exit(1)


def _tell(console: Console, result: Ingested, *, as_json: bool) -> None:
    if as_json:
        print(msgspec.json.encode(result).decode())
        return
    console.print(table(result.sent))
    if result.skipped:
        console.print(f"{result.skipped:,} rows move no money and were left out")
    console.print(totals_table(result.stack))


def _batches(reading: Reading, per_second: float | None) -> Iterator[Batch]:
    """Bodies of a thousand rows; at a rate, of as many as come in a tenth of a second."""
    size = BATCH if per_second is None else max(1, min(BATCH, int(per_second * RATE_BATCH_SECONDS)))
    done = 0
    for frame in reading.frames():
        for body, rows in json_columns.bodies(json_columns.rendered(frame), size):
            done += rows
            yield Batch(body, rows, done / per_second if per_second else 0.0)


async def _send(
    descriptor: Descriptor, batches: Iterator[Batch], tally: Tally, in_flight: int | None
) -> None:
    async with client_of(descriptor, "ingest", lambda: datetime.now(UTC)) as client:
        if in_flight is None:
            await send_on_time(client, made_ahead(batches), tally)
        else:
            await send_in_turn(client, made_ahead(batches), tally, in_flight)
