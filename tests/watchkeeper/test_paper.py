"""A report on the screen: what is text stays text."""

from io import StringIO

from rich.console import Console

from analytics.backtest.sheets import Block, Headline, Paper, Picture, Sheet, Words
from watchkeeper import paper


def test_every_block_is_printed_as_it_is() -> None:
    file = StringIO()
    blocks: list[Block] = [
        Headline("✗ Past the budget", is_good=False),
        Words("a rule called [bold]"),
        Sheet(title="Rules", headings=("rule", "hits"), rows=(("[red]", "1,234"),), note="a note"),
        Picture("Days", ("2026-03-02  ██",)),
    ]
    paper.show(Console(file=file, width=60), Paper("Plan", blocks))
    shown = file.getvalue()
    for text in ("Past the budget", "[bold]", "[red]", "1,234", "a note", "2026-03-02  ██"):
        assert text in shown
