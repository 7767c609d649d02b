"""Figures for a person: a name and a number in each row."""

import msgspec
from rich.table import Table


def figures_table(title: str, found: msgspec.Struct | None = None) -> Table:
    """A table of such rows, begun with the numbers among the fields of a struct."""
    table = Table(title=title, box=None, show_header=False, title_justify="left")
    table.add_column(style="dim")
    table.add_column(justify="right")
    for name, value in msgspec.structs.asdict(found).items() if found is not None else ():
        if isinstance(value, int | float):
            table.add_row(name.replace("_", " "), f"{value:,}")
    return table
