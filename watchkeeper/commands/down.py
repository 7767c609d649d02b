"""`watchkeeper down`: stop the stack, keep its data."""

import typer
from rich.console import Console

from watchkeeper.commands.options import Data
from watchkeeper.settings import data_folder
from watchkeeper.stack.board import Board, Line, Stage
from watchkeeper.stack.descriptor import load
from watchkeeper.stack.lifecycle import take_down

app = typer.Typer()


@app.command()
def down(*, data: Data = None) -> None:
    """Stop every process of the stack, in order; the data stay."""
    console = Console()
    descriptor = load(data_folder(data))

    def tell(name: str, line: Line) -> None:
        if line.stage is Stage.STOPPED:
            console.print(f"[dim]stopped[/] {name}", highlight=False)

    take_down(descriptor, Board(told=tell))
    console.print(f"The stack is down; its data are kept in {descriptor.data}.", soft_wrap=True)
