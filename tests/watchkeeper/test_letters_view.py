import io

import pytest
from rich.console import Console, RenderableType

from casework.values import KeptLetter
from tests.factories import NOON, a_dead_letter, minute
from watchkeeper import letters_view


def a_letter(value: bytes = b"{", replayed_by: str | None = None) -> KeptLetter:
    letter = a_dead_letter(
        value,
        code="not-as-agreed",
        pointer="/amount_minor",
        reason="unknown \x1b[2J field",
    )
    return KeptLetter(
        number=17,
        letter=letter,
        rejected_at=NOON,
        replayed_by=replayed_by,
        replayed_at=minute(5) if replayed_by else None,
    )


def shown(what: RenderableType) -> str:
    console = Console(file=io.StringIO(), width=200)
    console.print(what)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_list_says_where_when_and_why() -> None:
    text = shown(letters_view.table([a_letter(), a_letter(replayed_by="ops-1")]))

    assert "0/5" in text
    assert "2026-03-02 12:00:00" in text
    assert "/amount_minor: unknown" in text
    assert "by ops-1" in text


def test_one_letter_is_shown_with_all_that_is_known() -> None:
    text = shown(letters_view.about(a_letter(b"4111 1111 1111 1111", "ops-1")))

    assert "card numbers masked" in text
    assert "by ops-1 at 2026-03-02 12:05:00 UTC" in text
    assert a_letter(b"4111 1111 1111 1111").letter.original_sha256 in text


@pytest.mark.parametrize(
    ("value", "part"),
    [
        (b'{"a":{"b":1}}', '    "b": 1'),
        (b'{"a":"\\u001b[2J"}', "\\u001b[2J"),
        (b"not json \x1b[2J", "not json \\x1b[2J"),
        (b"\xff\x00\x1b[2J", "1b5b324a"),
        (b"[" * 100_000, "[[["),
    ],
)
def test_nothing_in_a_letter_moves_the_cursor(value: bytes, part: str) -> None:
    text = shown(letters_view.content(value)) + shown(letters_view.table([a_letter(value)]))

    assert part in text
    assert "\x1b" not in text
