"""Every value of a file knows where it is written."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.located_yaml import Items, Scalar, Table, parse, read
from rules.mistakes import Mistakes, Place

TEXT = """\
# a comment
id: rule-1
version: 3
share: 0.5
is_live: true
owner:
when: channel = 'card'
  and amount > 5
literal: |
  a = 1
  and b = 2
folded: >-
  a = 1
  and b = 2
single: 'a = ''card'' and b = 2'
double: "a = 1 and b = 2"
items: [1, {at: -9m}]
"""


def table(text: str = TEXT) -> Table:
    mistakes = Mistakes()
    node = parse(text, "file.yaml", mistakes)
    assert mistakes.found == []
    assert isinstance(node, Table)
    return node


def scalar(key: str) -> Scalar:
    node = table().entries[key].node
    assert isinstance(node, Scalar)
    return node


@pytest.mark.parametrize(
    ("key", "value", "line", "column"),
    [
        ("id", "rule-1", 2, 5),
        ("version", 3, 3, 10),
        ("share", 0.5, 4, 8),
        ("is_live", True, 5, 10),
        ("owner", None, 6, 6),
        ("when", "channel = 'card' and amount > 5", 7, 7),
    ],
)
def test_a_value_has_its_type_and_its_place(
    key: str, value: object, line: int, column: int
) -> None:
    found = scalar(key)
    assert found.value == value
    assert (found.place.line, found.place.column) == (line, column)


def test_a_key_has_its_place_and_the_place_its_line() -> None:
    assert table().entries["share"].key == Place("file.yaml", 4, 1, "share: 0.5")


@pytest.mark.parametrize(
    ("key", "line", "column"),
    [
        ("when", 8, 7),
        ("literal", 11, 7),
        ("folded", 14, 7),
        ("single", 15, 27),
        ("double", 16, 20),
    ],
)
def test_a_character_inside_a_text_has_its_place(key: str, line: int, column: int) -> None:
    found = scalar(key)
    word = "amount" if key == "when" else "b ="
    place = found.place_at(found.text.index(word))
    assert (place.line, place.column) == (line, column)


def test_items_and_tables_nest() -> None:
    items = table().entries["items"].node
    assert isinstance(items, Items)
    first, second = items
    assert isinstance(first, Scalar)
    assert isinstance(second, Table)
    assert second.place.column == 12


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\na: 2\n", "2:1 [a]: the key stands twice, first in line 1"),
        ("a: &x 1\n", "1:4 [file]: anchors and aliases are not used here; write it out"),
        ("a: !mine 1\n", "1:4 [file]: unknown tag !mine; take the tag out"),
        ("", "1:1 [file]: the file is empty"),
        ("a: [\n", "2:1 [file]: not YAML: expected the node content, but found '<stream end>'"),
        ("\ta: 1\n", "1:1 [file]: not YAML: found character '\\t' that cannot start any token"),
        ("a: 1\n---\nb: 2\n", "2:1 [file]: not YAML: but found another document"),
        ("[" * 20 + "]" * 20, "1:18 [file]: nested deeper than 16 levels"),
        ("[" * 5_000, "1:1 [file]: not YAML: maximum recursion depth exceeded"),
        ("x" * (4 * 1024 * 1024 + 1), "1:1 [file]: longer than 4194304 characters"),
    ],
)
def test_what_we_do_not_read_is_named(text: str, message: str) -> None:
    mistakes = Mistakes()
    parse(text, "f", mistakes)
    assert str(mistakes.found[0]).startswith(f"f:{message}")


def test_an_alias_bomb_stays_small() -> None:
    lines = ["a0: &a0 [x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    mistakes = Mistakes()
    parse("\n".join(lines), "f", mistakes)
    assert 0 < len(mistakes.found) < 200


def test_a_file_that_is_not_utf_8_is_named(tmp_path: Path) -> None:
    path = tmp_path / "f.yaml"
    path.write_bytes(b"a: \xff\n")
    mistakes = Mistakes()
    assert read(path, "f", mistakes) is None
    assert str(mistakes.found[0]) == "f:1:1 [file]: byte 3 is not UTF-8; save the file as UTF-8"


@given(st.text(max_size=60))
def test_any_text_is_read_or_explained(text: str) -> None:
    mistakes = Mistakes()
    node = parse(text, "f", mistakes)
    assert node is not None or mistakes.found


@given(st.text(alphabet="ab: -[]{}'\"|>\n&*!#,?", max_size=40))
def test_any_punctuation_is_read_or_explained(text: str) -> None:
    mistakes = Mistakes()
    node = parse(text, "f", mistakes)
    assert node is not None or mistakes.found
    for mistake in mistakes.found:
        assert 1 <= mistake.line <= text.count("\n") + 2
