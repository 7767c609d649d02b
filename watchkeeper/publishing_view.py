"""What was published, what waits and what is tripped, as a person sees it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

HASH_SHOWN = 12
ACTS = {"apply": "green", "rollback": "yellow", "bootstrap": "dim"}

Found = Mapping[str, Any]


def taken_up(found: Found) -> str:
    """From where on, and how soon."""
    positions = found["positions"]
    if not positions:
        return "already; nothing was written."
    places = ", ".join(
        f"position {position:,}" + (f" of cell {cell}" if len(positions) > 1 else "")
        for cell, position in positions.items()
    )
    seconds = found.get("taken_up_seconds")
    if seconds is None:
        return (
            f"from {places} on. [yellow]The scorer has not come to it yet[/]: see "
            "`watchkeeper status`; it will take it up there."
        )
    return f"from {places} on; the scorer took it up within {seconds:.2f} s."


def history(found: Found) -> RenderableType:
    """All three."""
    parts: list[RenderableType] = [_published(found["publications"])]
    waiting = [each for each in found["proposals"] if not each.get("approvals")]
    published = {each["rule_set"] for each in found["publications"]}
    ready = [
        each
        for each in found["proposals"]
        if each.get("approvals") and each["rule_set"] not in published
    ]
    if waiting:
        parts += [Text("\nWaiting for a second person", "bold"), _proposed(waiting)]
    if ready:
        parts += [Text("\nApproved, not published", "bold"), _proposed(ready)]
    if found["breakers"]:
        parts += [Text("\nIn shadow by their breaker", "bold"), _tripped(found["breakers"])]
    return Group(*parts)


def _table(*headings: str) -> Table:
    table = Table(box=None, header_style="dim", pad_edge=False)
    for heading in headings:
        is_number = heading in {"position", "cell"}
        table.add_column(heading, justify="right" if is_number else "left", no_wrap=is_number)
    return table


def _published(publications: Sequence[Found]) -> Table:
    table = _table("position", "cell", "rule set", "act", "author", "approved by", "when", "reason")
    newest = {each["cell"]: each["position"] for each in publications}
    for each in reversed(publications):
        act = each.get("act", "apply")
        decides = newest[each["cell"]] == each["position"]
        table.add_row(
            f"{each['position']:,}",
            str(each["cell"]),
            Text(each["rule_set"][:HASH_SHOWN], "bold cyan" if decides else ""),
            Text(act, ACTS[act]),
            each.get("author", ""),
            each.get("approved_by", ""),
            _instant(each["published_at"]),
            Text(each.get("reason", "")),
        )
    return table


def _proposed(proposals: Sequence[Found]) -> Table:
    table = _table("rule set", "author", "when", "approved by", "note")
    for each in proposals:
        approvers = ", ".join(yes["approver"] for yes in each.get("approvals", ()))
        name, when = each["rule_set"][:HASH_SHOWN], _instant(each["proposed_at"])
        table.add_row(name, each["author"], when, approvers, Text(each.get("note", "")))
    return table


def _tripped(breakers: Sequence[Found]) -> Table:
    table = _table("cell", "rule", "since", "why")
    for each in breakers:
        when = _instant(each["recorded_at"])
        table.add_row(str(each["cell"]), each["rule_id"], when, Text(each["reason"]))
    return table


def _instant(text: str) -> str:
    return f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M:%S}"
