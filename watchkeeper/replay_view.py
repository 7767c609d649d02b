"""Replays on the screen: a field a line, differences in red."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from analytics.replay.comparison import FEATURE, FLAG, Compared
from analytics.replay.verifying import Different
from data_contracts.decision import ListHit, RuleHit

_encode = msgspec.json.Encoder().encode


def show(fields: Sequence[Compared], title: str, console: Console) -> None:
    """Every field; features and flags that are equal share one line."""
    table = Table(title=title, title_justify="left", box=None, header_style="bold", pad_edge=False)
    for name in ("field", "stored", "replayed", "equal"):
        table.add_column(name, overflow="fold")
    for each in fields:
        if not (each.is_equal and _is_seen(each)):
            table.add_row(*_row(each))
    for prefix in (FEATURE, FLAG):
        many = sum(each.is_equal for each in fields if each.field.startswith(prefix))
        if many:
            name = f"{many} {prefix.rstrip('s.')}{'s' if many > 1 else ''}"
            table.add_row(
                Text(name), Text("as stored", "dim"), Text("the same", "dim"), _mark(is_equal=True)
            )
    console.print(table)


def _is_seen(each: Compared) -> bool:
    return each.field.startswith((FEATURE, FLAG))


def _row(each: Compared) -> tuple[Text, ...]:
    style = "" if each.is_equal else "bold red"
    return (
        Text(each.field, style),
        Text(shown(each.stored), style),
        Text(shown(each.replayed), style),
        _mark(is_equal=each.is_equal),
    )


def _mark(*, is_equal: bool) -> Text:
    return Text("✓", "green") if is_equal else Text("✗ differs", "bold red")


def shown(value: Any) -> str:  # noqa: ANN401  (a field of any type)
    """A value of a field for a person."""
    if value is None or value == ():
        return "none"
    if isinstance(value, tuple):
        return "\n".join(map(shown, value))
    if isinstance(value, RuleHit):
        return f"{value.rule_id} v{value.version} +{value.score} ({value.severity}): {value.reason}"
    if isinstance(value, ListHit):
        return f"{value.list_id} by {value.field}: {value.reason}"
    return str(value)


def name_first(found: Iterable[Different], many: int, console: Console) -> None:
    """Name the first decisions that differ, each with its fields."""
    for each in found:
        console.print(
            Text.assemble(
                ("✗ ", "bold red"),
                (each.transaction_id, "bold"),
                f" of {each.tenant}, at {each.cell}/{each.position}",
            )
        )
        for field in each.fields:
            both = f"stored {_one_line(field.stored)}, replayed {_one_line(field.replayed)}"
            console.print(Text(f"    {field.field}: {both}", "red"))
        many -= 1
    if many:
        console.print(Text(f"  and {many:,} more", "red"))


def _one_line(value: Any) -> str:  # noqa: ANN401  (a field of any type)
    return shown(value).replace("\n", "; ")


def as_json(fields: Iterable[Compared]) -> list[dict[str, Any]]:
    """The fields for a program."""
    return [msgspec.to_builtins(each) | {"equal": each.is_equal} for each in fields]
