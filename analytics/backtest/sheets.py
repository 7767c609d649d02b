"""A report as blocks of text: written once, printed by the terminal and as Markdown."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never


@dataclass(frozen=True, slots=True)
class Headline:
    """The one line that matters, good or bad."""

    text: str
    is_good: bool = True


@dataclass(frozen=True, slots=True)
class Words:
    """A paragraph; `is_small` is a remark beside the matter."""

    text: str
    is_small: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A table; the first `left` columns are texts, the others figures."""

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left: int = 1
    note: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """Lines that keep their spaces."""

    title: str
    lines: tuple[str, ...]


Block = Headline | Words | Sheet | Picture


@dataclass(frozen=True, slots=True)
class Paper:
    """A whole report; what matters most comes first."""

    title: str
    blocks: Sequence[Block]

    def markdown(self) -> str:
        """The report as a Markdown file."""
        parts = [f"# {_plain(self.title)}", *map(_markdown, self.blocks)]
        return "\n\n".join(parts) + "\n"


def _markdown(block: Block) -> str:
    match block:
        case Headline(text):
            return f"**{_plain(text)}**"
        case Words(text, is_small):
            return f"<sub>{_plain(text)}</sub>" if is_small else _plain(text)
        case Picture(title, lines):
            return "\n".join([f"## {title}", "", "```", *lines, "```"])
        case Sheet():
            return _table(block)
        case _:
            assert_never(block)


def _table(sheet: Sheet) -> str:
    numbers = len(sheet.headings) - sheet.left
    rows = [sheet.headings, ("---",) * sheet.left + ("--:",) * numbers, *sheet.rows]
    lines = [f"| {' | '.join(map(_cell, row))} |" for row in rows]
    title = [f"## {sheet.title}", ""] if sheet.title else []
    note = ["", f"<sub>{_plain(sheet.note)}</sub>"] if sheet.note else []
    return "\n".join([*title, *lines, *note])


def _cell(text: str) -> str:
    return _plain(text).replace("|", "\\|").replace("\n", " ")


def _plain(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
