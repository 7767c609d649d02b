"""A bar that goes on step by step."""

from io import StringIO

from rich.console import Console

from watchkeeper import steps


def test_each_step_takes_its_size_of_the_bar() -> None:
    console = Console(file=StringIO(), force_terminal=True)
    with steps.shown(console, (1, 3)) as bar:
        task = bar.progress.tasks[0]
        bar.begin("reading")
        bar.tell(0.5)
        assert task.completed == 0.5
        bar.begin("counting")
        assert task.completed == 1.0
        bar.tell(1 / 3)
        assert task.completed == 2.0


def test_nothing_is_written_where_nobody_looks() -> None:
    file = StringIO()
    with steps.shown(Console(file=file, force_terminal=False), (1,)) as bar:
        bar.begin("reading")
        bar.tell(1.0)
    assert file.getvalue() == ""
