"""A bar that goes on step by step, for work of some seconds to minutes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

Step = Callable[[str], None]
"""Say what begins now; what was said before is done."""


@contextmanager
def shown(console: Console, steps: int) -> Iterator[Step]:
    """Show a bar of so many steps while the block runs; nothing where nobody looks."""
    columns = (
        SpinnerColumn(),
        BarColumn(),
        TextColumn("{task.completed:.0f} of {task.total:.0f}"),
        TimeElapsedColumn(),
        TextColumn("{task.description}", style="dim"),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=steps)
        begun = 0

        def step(what: str) -> None:
            nonlocal begun
            progress.update(task, description=what, completed=begun)
            begun += 1

        yield step
