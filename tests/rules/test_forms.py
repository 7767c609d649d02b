"""Forms: a table read key by key."""

from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.forms import Form, duration_ms, duration_text, form_of
from rules.located_yaml import parse
from rules.mistakes import Level, Mistakes, Place, did_you_mean


class Colour(StrEnum):
    RED = "red"
    GREEN = "green"


def form(text: str) -> Form:
    mistakes = Mistakes()
    node = parse(text, "f", mistakes)
    assert node is not None
    found = form_of(node, mistakes)
    assert found is not None
    return found


def said(found: Form) -> list[str]:
    return [str(mistake)[2:] for mistake in found.mistakes.found]


def test_what_is_asked_for_is_given() -> None:
    found = form(
        "name: a b\nsize: 3\nshare: 0.5\non: true\ncolour: red\nwindow: 10m\ntags: [a, b]\n"
    )
    assert found.text("name") == "a b"
    assert found.whole("size", 1, 9) == 3
    assert found.number("share", 0, 1) == 0.5
    assert found.truth("on") is True
    assert found.choice("colour", Colour) is Colour.RED
    assert found.duration("window") == 600_000
    assert found.texts("tags") == ("a", "b")
    found.close()
    assert said(found) == []


def test_what_nobody_asked_for_is_named() -> None:
    found = form("nam: x\n")
    found.optional_text("name")
    found.close()
    assert said(found) == ['1:1 [nam]: unknown key "nam"; did you mean "name"?']


def test_everything_missing_is_named_at_once() -> None:
    found = form("other: 1\n")
    found.text("name")
    found.whole("size", 1, 9)
    found.forms("items")
    assert said(found) == [f"1:1 [{key}]: the key is missing" for key in ("name", "size", "items")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("size: many", "1:7 [size]: expected a whole number, not 'many'"),
        ("size: true", "1:7 [size]: expected a whole number, not 'true'"),
        ("size: 1.5", "1:7 [size]: expected a whole number, not '1.5'"),
        ("size: 10", "1:7 [size]: 10 is out of range; use 1 to 9"),
        ("size: [1]", "1:7 [size]: expected a single value"),
        ("size:", "1:5 [size]: the value is empty"),
    ],
)
def test_a_wrong_number_is_explained(text: str, message: str) -> None:
    found = form(text)
    found.whole("size", 1, 9)
    assert said(found) == [message]


def test_a_wrong_word_gets_a_suggestion() -> None:
    found = form("colour: gren")
    found.choice("colour", Colour)
    assert said(found) == ['1:9 [colour]: unknown colour "gren"; did you mean "green"?']


def test_keys_below_are_called_by_their_path() -> None:
    found = form("items:\n  - {size: 1}\n  - {size: x}\n  - y\n")
    for item in found.forms("items"):
        item.whole("size", 1, 9)
    assert said(found) == [
        "4:5 [items.3]: expected keys with values",
        "3:12 [items.2.size]: expected a whole number, not 'x'",
    ]


def test_a_default_stands_in_for_what_is_absent() -> None:
    found = form("other: 1\n")
    assert found.whole("size", 1, 9, 5) == 5
    assert found.choice("colour", Colour, Colour.GREEN) is Colour.GREEN
    assert found.optional_text("name") is None
    assert said(found) == []


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [("250ms", 250), ("30s", 30_000), ("-9m", -540_000), ("24h", 86_400_000), ("7d", 604_800_000)],
)
def test_a_duration_is_milliseconds(text: str, milliseconds: int) -> None:
    assert duration_ms(text) == milliseconds
    assert duration_text(milliseconds) == text


@pytest.mark.parametrize(
    "text", ["", "10", "m", "1.5h", "10 m", "1w", "٣m", "10m ", "9" * 12 + "m"]
)
def test_what_is_no_duration_is_none(text: str) -> None:
    assert duration_ms(text) is None


@given(st.integers(-(10**12), 10**12))
def test_a_duration_is_read_back(milliseconds: int) -> None:
    text = duration_text(milliseconds)
    assert duration_ms(text) in {milliseconds, None}


@pytest.mark.parametrize(
    ("word", "known", "hint"),
    [
        ("hihg", ["high", "low"], 'did you mean "high"?'),
        ("zzz", ["high", "low"], "use one of: high, low"),
        ("zzz", [f"a-long-choice-{n}" for n in range(40)], ""),
        ("zzz", [], ""),
    ],
)
def test_a_suggestion_is_the_nearest_word_or_the_choice(
    word: str, known: list[str], hint: str
) -> None:
    assert did_you_mean(word, known) == hint


def test_warnings_are_no_errors() -> None:
    mistakes = Mistakes()
    mistakes.warn(Place("f", 2, 1), "key", "odd")
    mistakes.add(Place("f", 1, 1), "key", "wrong", "mend it")
    mistakes.add(Place("f", 1, 1), "key", "wrong", "mend it")
    assert mistakes.count() == 2
    assert [item.level for item in mistakes.in_order()] == [Level.ERROR, Level.WARNING]
    assert [str(item) for item in mistakes.in_order()] == [
        "f:1:1 [key]: wrong; mend it",
        "f:2:1 [key]: warning: odd",
    ]
