"""`watchkeeper sql`: questions of the archive, answered as a table, as JSON or as CSV."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from analytics.sql import ROWS_MAX, Answer, Refused, ask, views
from runtime.archive import active_files
from watchkeeper import answers
from watchkeeper.commands.options import AsJson, Data
from watchkeeper.errors import Failure
from watchkeeper.settings import data_folder

EPILOG = """
[bold]Examples[/]

watchkeeper sql

watchkeeper sql "SELECT verdict, count(*), sum(amount) FROM transactions GROUP BY ALL"

watchkeeper sql "SELECT rule_id, count(*) FROM hits WHERE NOT is_shadow GROUP BY ALL ORDER BY 2 DESC"

watchkeeper sql "SELECT account_id, features FROM decisions WHERE verdict = 'decline'" --json

watchkeeper sql "FROM transactions WHERE day = today()" --limit 100000 --csv > today.csv
"""  # noqa: E501  (a command stands on one line)

app = typer.Typer(rich_markup_mode="rich")


@app.command(epilog=EPILOG)
def sql(
    question: Annotated[
        str | None,
        typer.Argument(
            metavar="SQL", help="One question in DuckDB's SQL; by default the views are shown."
        ),
    ] = None,
    *,
    data: Data = None,
    as_json: AsJson = False,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="For a spreadsheet; no cell becomes a formula.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, help="Show so many rows at most.")] = ROWS_MAX,
) -> None:
    """Ask the archive in SQL.

    Every decided transaction is there within seconds. Times are UTC.

    Only the archive can be read, and nothing written.
    """
    folder = data_folder(data) / "archive" / "transactions"
    if not folder.exists():
        raise Failure(
            f"There is no archive in {folder.parent}.",
            "Start the stack with `watchkeeper up`, or name its folder with --data.",
        )
    if question is None:
        _show_views(folder, as_json=as_json)
        return
    answer = _ask(folder, question, limit)
    if as_json:
        typer.echo(answers.as_json(answer.table))
    elif as_csv:
        answers.write_csv(answer.table, sys.stdout)
    else:
        answers.console().print(answers.as_table(answer.table))
    if answer.is_cut:
        answers.note(f"Only the first {limit:,} rows are shown; ask for more with --limit.")


def _ask(folder: Path, question: str, limit: int) -> Answer:
    try:
        return ask(folder, question, limit)
    except Refused as refused:
        raise Failure(str(refused), refused.hint) from None


def _show_views(folder: Path, *, as_json: bool) -> None:
    found = views(folder)
    if as_json:
        typer.echo(answers.views_as_json(found))
        return
    for view, columns in found.items():
        answers.console().print(answers.of_view(view, columns))
    if not active_files(folder):
        answers.note("The archive is empty: send transactions with `watchkeeper simulate`.")
