"""A report on the screen."""

from typing import assert_never

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from analytics.backtest.sheets import Block, Headline, Paper, Picture, Sheet, Words


def show(console: Console, paper: Paper) -> None:
    """Print it, block by block."""
    for block in paper.blocks:
        console.print(_shown(block))
        console.print()


def _shown(block: Block) -> RenderableType:
    match block:
        case Headline(text, is_good):
            return Text(text, "bold green" if is_good else "bold red")
        case Words(text, is_small):
            return Text(text, "dim" if is_small else "")
        case Picture(title, lines):
            shown = Text("\n".join(lines), "cyan", overflow="fold")
            return Group(Text(title, "bold"), Padding(shown, (0, 0, 0, 2), expand=False))
        case Sheet():
            return _table(block)
        case _:
            assert_never(block)


def _table(sheet: Sheet) -> Table:
    table = Table(
        title=Text(sheet.title, "bold"),
        title_justify="left",
        caption=Text(sheet.note, "dim") if sheet.note else None,
        caption_justify="left",
        box=None,
        header_style="dim",
        pad_edge=False,
        padding=(0, 1, 0, 0),
        show_header=any(sheet.headings),
    )
    for number, heading in enumerate(sheet.headings):
        is_text = number < sheet.left
        table.add_column(heading, justify="left" if is_text else "right", no_wrap=is_text)
    for row in sheet.rows:
        table.add_row(*map(Text, row))
    return table
