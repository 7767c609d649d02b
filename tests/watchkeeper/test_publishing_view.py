"""What a person reads of publications, of what waits, and of what is tripped."""

import io
from typing import Any

from rich.console import Console

from watchkeeper.publishing_view import history, taken_up

FIRST, SECOND, THIRD = "1" * 64, "2" * 64, "3" * 64
WHEN = "2026-03-02T12:00:00Z"
FOUND: dict[str, Any] = {
    "publications": [
        {
            "cell": 0,
            "position": 0,
            "rule_set": FIRST,
            "published_at": WHEN,
            "act": "bootstrap",
            "reason": "the rules [that] are shipped",
        },
        {
            "cell": 0,
            "position": 1_234,
            "rule_set": SECOND,
            "published_at": WHEN,
            "author": "rosa",
            "approved_by": "theo",
        },
    ],
    "proposals": [
        {"rule_set": THIRD, "author": "ada", "proposed_at": WHEN, "note": "fewer alarms"},
        {
            "rule_set": SECOND,
            "author": "rosa",
            "proposed_at": WHEN,
            "approvals": [{"approver": "theo", "approved_at": WHEN}],
        },
    ],
    "breakers": [{"cell": 0, "rule_id": "card-burst", "reason": "11 hits", "recorded_at": WHEN}],
}


def shown(found: dict[str, Any]) -> list[str]:
    console = Console(file=io.StringIO(), width=160)
    console.print(history(found))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def test_the_newest_publication_comes_first_and_names_both_persons() -> None:
    _, newest, oldest, *_ = shown(FOUND)
    assert newest.split() == [
        *("1,234", "0", SECOND[:12], "apply", "rosa", "theo", "2026-03-02", "12:00:00")
    ]
    assert "bootstrap" in oldest
    assert "the rules [that] are shipped" in oldest


def test_what_waits_and_what_is_tripped_stand_below() -> None:
    lines = shown(FOUND)
    waiting = lines.index("Waiting for a second person")
    assert "ada" in lines[waiting + 2]
    assert "Approved, not published" not in lines
    tripped = lines.index("In shadow by their breaker")
    assert lines[tripped + 2].split() == ["0", "card-burst", "2026-03-02", "12:00:00", "11", "hits"]


def test_an_approved_set_that_is_not_published_is_told() -> None:
    lines = shown(FOUND | {"publications": FOUND["publications"][:1], "breakers": []})
    assert "theo" in lines[lines.index("Approved, not published") + 2]
    assert "In shadow by their breaker" not in lines


def test_taking_up_is_told_with_its_place_and_its_time() -> None:
    assert taken_up({"positions": {"0": 1_234}, "taken_up_seconds": 0.314}) == (
        "from position 1,234 on; the scorer took it up within 0.31 s."
    )
    assert taken_up({"positions": {"0": 1, "1": 7}, "taken_up_seconds": 0.3}).startswith(
        "from position 1 of cell 0, position 7 of cell 1 on"
    )
    assert "has not come to it yet" in taken_up({"positions": {"0": 5}})
    assert taken_up({"positions": {}}) == "already; nothing was written."
