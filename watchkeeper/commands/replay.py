"""`watchkeeper replay`: make a decision again from what was kept, and compare it field by field."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from analytics.replay import archive
from analytics.replay.archive import Place
from analytics.replay.cells import NotReplayable, Replay
from analytics.replay.cells import replay as made_again
from analytics.replay.comparison import compared
from rules.model import RuleSet
from watchkeeper import answers, replay_view, rule_choice
from watchkeeper.commands.options import AsJson, Data
from watchkeeper.errors import Failure
from watchkeeper.kept import archive_of, books_of
from watchkeeper.settings import data_folder
from watchkeeper.stack.descriptor import Descriptor, load

NAME = "watchkeeper-replay"
SHORT = 12  # Letters of a hash that a person reads.

app = typer.Typer()


@app.command()
def replay(
    transaction_id: Annotated[str, typer.Argument(help="The payment system's own id.")],
    *,
    tenant: Annotated[
        str | None, typer.Option(help="Whose it is, where several have the same id.")
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(
            metavar="HASH|live", help="Show what another rule set would have decided of it."
        ),
    ] = None,
    deep: Annotated[
        bool, typer.Option("--deep", help="Compute the features again, from the archive.")
    ] = False,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Make a decision again from its frozen features, lists and rules, and compare field by field.

    Exits with 1 where something differs, unless --at asks about another rule set.
    """
    descriptor = load(data_folder(data))
    folder = archive_of(descriptor)
    place = _place(folder, transaction_id, tenant)
    other = None if at is None else _rule_set(descriptor, at)
    try:
        with books_of(descriptor, NAME) as connection:
            found = made_again(connection, folder, place, at=other, is_deep=deep)
    except NotReplayable as error:
        raise Failure(
            f"The decision on {transaction_id} cannot be made again: {error}.",
            "The archive was changed: restore it, and find out by whom.",
        ) from None
    is_equal = _show(found, place, is_other=other is not None, as_json=as_json)
    if not is_equal and other is None:
        raise typer.Exit(1)


def _place(folder: Path, transaction_id: str, tenant: str | None) -> Place:
    found = archive.find(folder, transaction_id, tenant)
    if not found:
        whose = "" if tenant is None else f" of {tenant}"
        raise Failure(
            f'There is no decision on "{transaction_id}"{whose} in the archive.',
            "Decisions are there within ten seconds; "
            '`watchkeeper sql "SELECT transaction_id FROM transactions"` names some.',
        )
    tenants = sorted({place.tenant for place in found})
    if len(tenants) > 1:
        raise Failure(
            f'Several tenants have a transaction "{transaction_id}": {", ".join(tenants)}.',
            "Name one with --tenant.",
        )
    return found[0]


def _rule_set(descriptor: Descriptor, at: str) -> RuleSet:
    if at == rule_choice.LIVE:
        return rule_choice.live_rule_set(descriptor)
    return rule_choice.kept_rule_set(descriptor, at)


def _show(found: Replay, place: Place, *, is_other: bool, as_json: bool) -> bool:
    fields = compared(found.stored, found.found)
    is_equal = all(each.is_equal for each in fields)
    if as_json:
        answer = {
            "transaction_id": found.stored.transaction.transaction_id,
            "tenant": place.tenant,
            "cell": place.cell,
            "position": place.position,
            "rule_set": found.found.rule_set,
            "equal": is_equal,
            "fields": replay_view.as_json(fields),
        }
        print(msgspec.json.encode(answer).decode())
        return is_equal
    console = answers.console()
    replay_view.show(fields, _title(found, place), console)
    if found.computed:
        console.print(
            f"{found.computed} features were computed again from the archive.", style="dim"
        )
    console.print(*_conclusion(is_equal=is_equal, is_other=is_other))
    return is_equal


def _title(found: Replay, place: Place) -> str:
    transaction = found.stored.transaction
    return (
        f"{transaction.transaction_id} of {place.tenant}, at {place.cell}/{place.position}, "
        f"under rule set {found.found.rule_set[:SHORT] or 'none'}"
    )


def _conclusion(*, is_equal: bool, is_other: bool) -> tuple[str]:
    if is_other:
        same = "the same would have been decided" if is_equal else "in red what would be different"
        return (f"[yellow]Another rule set: {same}.[/]",)
    if is_equal:
        return ("[bold green]The replay says what was decided.[/]",)
    return ("[bold red]The replay differs from what is stored.[/]",)
