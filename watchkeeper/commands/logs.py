"""`watchkeeper logs`: what the processes of the stack have written."""

from collections.abc import Callable
from threading import Event
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from watchkeeper.commands.options import Data
from watchkeeper.settings import data_folder
from watchkeeper.stack import logs as stack_logs
from watchkeeper.stack.folder import Folder

POLL_SECONDS = 0.2
COLOURS = ("cyan", "magenta", "green", "yellow", "blue", "red")

Show = Callable[[str, str], None]

app = typer.Typer()


@app.command()
def logs(
    process: Annotated[
        str | None, typer.Argument(metavar="PROCESS", help="One of them; by default all.")
    ] = None,
    *,
    data: Data = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="Of each log.")] = 20,
) -> None:
    """Show the ends of the logs, and with --follow what is added to them."""
    folder = Folder(data_folder(data))
    names = stack_logs.check(folder, process)
    show = _shower(names)
    for name, line in stack_logs.ends(folder, names, lines):
        show(name, line)
    if follow:
        _follow(folder, names, show)


def _shower(names: list[str]) -> Show:
    console, width = Console(soft_wrap=True, highlight=False), max(map(len, names), default=0)
    colours = {name: COLOURS[number % len(COLOURS)] for number, name in enumerate(names)}

    def show(name: str, line: str) -> None:
        prefix = Text(f"{name:{width}} ", colours[name]) if len(names) > 1 else Text()
        console.print(prefix + Text.from_ansi(line))

    return show


def _follow(folder: Folder, names: list[str], show: Show) -> None:
    tails = {name: stack_logs.Tail(folder.log(name)) for name in names}
    pause = Event()
    while True:
        for name, tail in tails.items():
            for line in tail.added():
                show(name, line)
        pause.wait(POLL_SECONDS)
