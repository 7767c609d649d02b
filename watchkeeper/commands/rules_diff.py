"""`watchkeeper rules diff`: what differs between two rule sets, in words."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.text import Text

from rules.difference import Act, Change, Part, difference, rules_touched
from rules.model import RuleSet
from rules.rule_set import UnknownRuleSet, from_canonical
from watchkeeper import rule_choice
from watchkeeper.answers import console
from watchkeeper.commands.options import AsJson, Data
from watchkeeper.commands.rules_common import counted
from watchkeeper.errors import Failure
from watchkeeper.publish import shipped_catalogue, sound_catalogue
from watchkeeper.settings import data_folder
from watchkeeper.stack.descriptor import load

COLOURS = {Act.ADDED: "green", Act.CHANGED: "yellow", Act.REMOVED: "red"}
SOURCE = "`live`, a catalogue's folder, a file with a canonical form, or a hash"


def diff(
    before: Annotated[
        str, typer.Argument(help=f"What was: {SOURCE}.", metavar="A")
    ] = rule_choice.LIVE,
    after: Annotated[
        str | None,
        typer.Argument(
            help="What is: the same choice; by default the shipped catalogue.",
            metavar="B",
            show_default=False,
        ),
    ] = None,
    *,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Say what differs between two rule sets: rules, features, lists and the policy."""
    folder = data_folder(data)
    was = rule_set_of(before, folder)
    now = rule_set_of(after or str(shipped_catalogue()), folder)
    changes = difference(was, now)
    touched = sorted(rules_touched(changes, now))
    if as_json:
        names = {"before": was.fingerprint(), "after": now.fingerprint()}
        found = {**names, "changes": changes, "rules_touched": touched}
        print(msgspec.json.encode(found).decode())
        return
    _print(console(), changes, touched)


def rule_set_of(source: str, data: Path) -> RuleSet:
    """The rule set that is meant, or a `Failure` that says what can be."""
    if source == rule_choice.LIVE:
        return rule_choice.live_rule_set(load(data))
    path = Path(source)
    if path.is_dir():
        return sound_catalogue(path).rule_set()
    if path.is_file():
        try:
            return from_canonical(path.read_bytes())
        except UnknownRuleSet as error:
            raise Failure(f"{path}: {error}.", f"Give {SOURCE}.") from None
    if "/" in source or source.startswith("."):
        raise Failure(f"There is no {source}.", f"Give {SOURCE}.")
    return rule_choice.kept_rule_set(load(data), source)


def _print(screen: Console, changes: tuple[Change, ...], touched: list[str]) -> None:
    for change in changes:
        head, *details = change.lines()
        screen.print(Text(head, f"bold {COLOURS[change.act]}"))
        for line in details:
            screen.print(Text(line), soft_wrap=True)
    if not changes:
        screen.print("Both are the same rule set.")
        return
    counts = [
        f"{counted(number, part)}"
        for part in Part
        if (number := sum(change.part is part for change in changes))
    ]
    screen.print(f"\n{', '.join(counts)} added, changed or removed.")
    if touched:
        screen.print(f"What these rules say is new or other: {', '.join(touched)}.")
