"""`watchkeeper rules run`: score a file of transactions, with either engine, without a stack."""

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from data_contracts.decision import Verdict
from rules.model import RuleSet
from watchkeeper import rule_run
from watchkeeper.commands.options import AsJson
from watchkeeper.commands.rules_common import CatalogueFolder, folder_of
from watchkeeper.publish import sound_catalogue
from watchkeeper.rule_run import Output
from watchkeeper.transaction_files import TransactionFile, read_transactions


class Engine(StrEnum):
    """Which way the features and rules are computed."""

    STREAM = "stream"
    BATCH = "batch"


class Ran(msgspec.Struct, frozen=True, kw_only=True):
    """What `watchkeeper rules run --json` prints."""

    engine: str
    input: str
    output: str
    rule_set: str
    rows: int
    scored: int
    refused: int
    copies: int
    decisions: dict[str, int]


def run(
    *,
    engine: Annotated[Engine, typer.Option(help="The scoring flow itself, or all at once.")],
    file: Annotated[
        Path, typer.Option("--input", metavar="FILE", help="Transactions in order of arrival.")
    ],
    output: Annotated[Path, typer.Option(metavar="OUT", help="Parquet file to be written.")],
    catalogue: CatalogueFolder = None,
    mapping: Annotated[
        Path | None, typer.Option(help="A mapping of your own; by default one that knows the file.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Score a Parquet file of transactions; both engines write the same table, to the last bit."""
    rule_set = sound_catalogue(folder_of(catalogue)).rule_set()
    given = read_transactions(file, mapping)
    console = Console(stderr=as_json)
    console.print(f"{file.name}: {given.title}, {len(given.frame):,} rows", highlight=False)
    found = _scored(engine, given, rule_set, output, console)
    rows = len(given.frame)
    ran = Ran(
        engine=engine,
        input=str(file),
        output=str(output),
        rule_set=rule_set.fingerprint(),
        rows=rows,
        scored=found.rows,
        refused=found.refused,
        copies=rows - found.rows - found.refused,
        decisions={word: found.decisions[word] for word in Verdict},
    )
    if as_json:
        print(msgspec.json.encode(ran).decode())
    else:
        _tell(console, ran, given)


def _scored(
    engine: Engine, given: TransactionFile, rule_set: RuleSet, path: Path, console: Console
) -> Output:
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    bar = Progress(*columns, TimeElapsedColumn(), console=console, transient=True)
    with bar, rule_run.output(path, rule_set) as found:
        task = bar.add_task(f"scoring ({engine})", total=1.0)

        def tell(share: float) -> None:
            bar.update(task, completed=share)

        if engine is Engine.BATCH:
            rule_run.by_batch(given.frame, rule_set, found, tell)
        else:
            rule_run.by_stream(given.frame, rule_set, found, tell, lambda: datetime.now(UTC))
    return found


def _tell(console: Console, ran: Ran, given: TransactionFile) -> None:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(justify="right")
    for word, count in ran.decisions.items():
        table.add_row(f"{count:,}", word)
    console.print(table)
    if given.skipped:
        console.print(f"{given.skipped:,} rows move no money and were left out")
    if ran.copies:
        console.print(f"{ran.copies:,} rows are copies of an id and were dropped")
    if ran.refused:
        console.print(f"[yellow]{ran.refused:,} rows were refused at the door[/]")
    console.print(f"{ran.scored:,} decisions in {ran.output}", highlight=False, soft_wrap=True)
