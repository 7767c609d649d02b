"""A bar that goes on step by step, for work of some seconds to minutes."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import TaskID as Task


@dataclass(slots=True)
class Steps:
    """The bar of some steps, each with its size, and how far it is."""

    progress: Progress
    task: Task
    sizes: Sequence[float]
    done: int = field(default=-1)

    def begin(self, what: str) -> None:
        """Say what begins now; what was begun before is done."""
        self.done += 1
        self.progress.update(self.task, description=what)
        self.tell(0.0)

    def tell(self, share: float) -> None:
        """Say how much of what was begun is done, from 0 to 1."""
        before, own = sum(self.sizes[: self.done]), self.sizes[self.done]
        self.progress.update(self.task, completed=before + own * share)


@contextmanager
def shown(console: Console, sizes: Sequence[float]) -> Iterator[Steps]:
    """Show a bar of steps of these sizes while the block runs; nothing where nobody looks."""
    columns = (
        SpinnerColumn(),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        TextColumn("{task.description}", style="dim"),
    )
    is_seen = console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=not is_seen) as progress:
        yield Steps(progress, progress.add_task("", total=sum(sizes)), sizes)
