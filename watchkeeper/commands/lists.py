"""`watchkeeper lists`: block and allow lists, changed by records in the log."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import msgspec
import typer
from rich.table import Table
from rich.text import Text

from rules.forms import duration_ms
from watchkeeper import publishing_view
from watchkeeper.answers import console
from watchkeeper.commands.acting import acting
from watchkeeper.commands.options import AsJson, Data
from watchkeeper.person import As

app = typer.Typer(no_args_is_help=True, help="Show block and allow lists, and change them.")

ListName = Annotated[str, typer.Argument(metavar="LIST", help="As `lists show` names it.")]
Value = Annotated[str, typer.Argument(metavar="VALUE", help="The value of the list's field.")]
Reason = Annotated[str, typer.Option(help="Why; it stands in each decision that it settles.")]


def instant(text: str | None, now: datetime) -> str | None:
    """An instant as ISO 8601 in UTC: `2027-01-01`, `2027-01-01T12:00Z`, or from now: `30d`."""
    if text is None:
        return None
    milliseconds = duration_ms(text)
    if milliseconds is not None:
        return (now + timedelta(milliseconds=milliseconds)).isoformat(timespec="milliseconds")
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text}: write 30d, 12h, 2027-01-01 or an instant") from None
    aware = found if found.tzinfo else found.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat(timespec="milliseconds")


@app.command()
def show(
    name: Annotated[
        str | None, typer.Argument(metavar="LIST", help="One list; all if none is named.")
    ] = None,
    *,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Every list of the rules that decide, or the entries of one."""
    person = acting(data, "auditor")
    found = person.get("/v1/lists" if name is None else f"/v1/lists/{name}")
    if as_json:
        print(msgspec.json.encode(found).decode())
    elif name is None:
        console().print(_lists(found["lists"]))
    else:
        console().print(_entries(found["entries"]))


@app.command()
def add(
    name: ListName,
    value: Value,
    *,
    reason: Reason,
    expires: Annotated[
        str | None,
        typer.Option(help="Until when: 30d, 2027-01-01, an instant; by default for ever."),
    ] = None,
    begins: Annotated[
        str | None, typer.Option("--from", help="From when on: an instant; by default at once.")
    ] = None,
    amount_max: Annotated[
        int | None, typer.Option(min=1, help="Counts up to this amount, in minor units.")
    ] = None,
    owner: Annotated[str | None, typer.Option(help="Who answers for it; by default you.")] = None,
    who: As = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Put a value onto a list; it counts from its position in the log on."""
    person = acting(data, "risk", who)
    wish = {
        "value": value,
        "reason": reason,
        "owner": owner,
        "valid_from": instant(begins, person.now),
        "expires_at": instant(expires, person.now),
        "amount_minor_max": amount_max,
    }
    given = {key: found for key, found in wish.items() if found is not None}
    _tell(person.post(f"/v1/lists/{name}/entries", given), "is on", as_json=as_json)


@app.command()
def remove(
    name: ListName,
    value: Value,
    *,
    reason: Reason,
    who: As = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Take a value off a list."""
    person = acting(data, "risk", who)
    wish = {"value": value, "reason": reason}
    _tell(person.post(f"/v1/lists/{name}/removals", wish), "is off", as_json=as_json)


def _tell(found: Mapping[str, Any], what: str, *, as_json: bool) -> None:
    if as_json:
        print(msgspec.json.encode(found).decode())
        return
    text = Text(f"{found['value']} {what} {found['list_id']} ")
    console().print(text + Text.from_markup(publishing_view.taken_up(found)))


def _lists(lists: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(box=None, header_style="dim", pad_edge=False)
    for heading in ("list", "kind", "field"):
        table.add_column(heading)
    table.add_column("entries", justify="right")
    for each in lists:
        valid = [entry for entry in each["entries"] if not entry.get("is_expired")]
        table.add_row(each["list_id"], each["kind"], each.get("field", ""), f"{len(valid):,}")
    return table


def _entries(entries: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(box=None, header_style="dim", pad_edge=False)
    for heading in ("value", "owner", "since", "until", "up to", "recorded by", "reason"):
        table.add_column(heading)
    for each in entries:
        since = each.get("valid_from") or each.get("recorded_at")
        cap = each.get("amount_minor_max")
        table.add_row(
            each["value"],
            each["owner"],
            _day(since),
            _day(each.get("expires_at")),
            f"{cap:,}" if cap is not None else "",
            each.get("recorded_by", "the rule set"),
            Text(each["reason"]),
            style="dim strike" if each.get("is_expired") else "",
        )
    return table


def _day(text: str | None) -> str:
    return f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M}" if text else ""
