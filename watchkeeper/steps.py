"""A bar that goes on step by step, for work of some seconds to minutes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import TaskID as Task


@dataclass(slots=True)
class Steps:
    """The bar of some steps, and how far it is."""

    progress: Progress
    task: Task
    begun: int = field(default=-1)

    def begin(self, what: str) -> None:
        """Say what begins now; what was begun before is done."""
        self.begun += 1
        self.progress.update(self.task, description=what, completed=self.begun)

    def tell(self, share: float) -> None:
        """Say how much of what was begun is done, from 0 to 1."""
        self.progress.update(self.task, completed=self.begun + share)


@contextmanager
def shown(console: Console, steps: int) -> Iterator[Steps]:
    """Show a bar of so many steps while the block runs; nothing where nobody looks."""
    columns = (
        SpinnerColumn(),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        TextColumn("{task.description}", style="dim"),
    )
    is_seen = console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=not is_seen) as progress:
        yield Steps(progress, progress.add_task("", total=steps))
