"""`watchkeeper dead-letters`: what could not be read, why, and a way to send it again."""

import getpass
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.text import Text

from casework.postgres import PostgresLetters
from casework.replay import NotReplayable, replay
from casework.values import KeptLetter
from data_contracts.control import KIND_HEADER
from data_contracts.topics import TRANSACTIONS
from runtime.kafka import Headers, Outbox
from runtime.postgres import connect
from watchkeeper import answers, letters_view
from watchkeeper.commands.options import AsJson, Data
from watchkeeper.errors import Failure
from watchkeeper.settings import data_folder
from watchkeeper.stack.descriptor import Descriptor
from watchkeeper.stack.lifecycle import running

SHOWN = 50

app = typer.Typer(
    no_args_is_help=True, help="List, show and replay the messages that could not be read."
)

Number = Annotated[int, typer.Argument(metavar="NUMBER", help="As `list` shows it.")]


@app.command("list")
def list_letters(
    *,
    data: Data = None,
    as_json: AsJson = False,
    limit: Annotated[int, typer.Option(min=1, help="Show so many at most.")] = SHOWN,
    waiting: Annotated[
        bool, typer.Option("--waiting", help="Only those that nobody has sent again.")
    ] = False,
) -> None:
    """The newest dead letters, newest first."""
    with _letters(running(data_folder(data))) as letters:
        found = letters.latest(limit, is_replayed=False if waiting else None)
    if as_json:
        typer.echo(msgspec.json.encode(found).decode())
        return
    console = answers.console()
    if not found:
        console.print(f"No dead letter {'waits' if waiting else 'is kept'}.", style="green")
        return
    console.print(letters_view.table(found))
    console.print(Text("See one whole: watchkeeper dead-letters show NUMBER", "dim"))


@app.command()
def show(number: Number, *, data: Data = None, as_json: AsJson = False) -> None:
    """One dead letter: where it stood, why it was not taken, and what it holds."""
    with _letters(running(data_folder(data))) as letters:
        kept = _find(letters, number)
    if as_json:
        typer.echo(msgspec.json.encode(kept).decode())
        return
    console = Console(highlight=False)
    console.print(letters_view.about(kept))
    console.print(letters_view.content(kept.letter.value))


@app.command("replay")
def replay_letters(
    number: Annotated[
        int | None, typer.Argument(metavar="NUMBER", help="As `list` shows it.")
    ] = None,
    *,
    data: Data = None,
    replay_all: Annotated[
        bool, typer.Option("--all", help="All that nobody has sent again.")
    ] = False,
) -> None:
    """Send the original bytes to the log again: once whatever refused them is mended."""
    if (number is None) is not replay_all:
        raise Failure(
            "Say which dead letter: its number, or --all.",
            "`watchkeeper dead-letters list --waiting` shows those that wait.",
        )
    descriptor = running(data_folder(data))
    with _letters(descriptor) as letters:
        if number is not None:
            _replay(descriptor, letters, [_find(letters, number)])
        else:
            waiting = letters.latest(SHOWN * SHOWN, is_replayed=False)
            _replay(descriptor, letters, list(reversed(waiting)))


def _replay(descriptor: Descriptor, letters: PostgresLetters, kept: Sequence[KeptLetter]) -> None:
    outbox, refused, sent = Outbox.to(descriptor.kafka), list[str](), 0

    def send(letter: KeptLetter) -> None:
        original = letter.letter
        headers: Headers = [(KIND_HEADER, original.kind)] if original.kind else []
        outbox.send(TRANSACTIONS, original.value, original.key, original.partition, headers)
        outbox.flush()

    for one in kept:
        try:
            sent += replay(one, letters, send, getpass.getuser(), datetime.now(UTC))
        except NotReplayable as error:
            refused.append(str(error))
    typer.echo(f"{sent} sent again, {len(kept) - sent - len(refused)} had been before.")
    if refused:
        raise Failure(f"{len(refused)} cannot be sent again: {refused[0]}.")


@contextmanager
def _letters(descriptor: Descriptor) -> Iterator[PostgresLetters]:
    with connect(descriptor.postgres, "watchkeeper-dead-letters") as connection:
        yield PostgresLetters(connection)


def _find(letters: PostgresLetters, number: int) -> KeptLetter:
    kept = letters.find(number)
    if kept is None:
        raise Failure(
            f"There is no dead letter {number}.", "`watchkeeper dead-letters list` shows them."
        )
    return kept
