"""`watchkeeper rules propose | approve | apply | reset | log`: rules go live by two persons."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec
import typer

from rules.rule_set import pack
from watchkeeper import publishing_view
from watchkeeper.answers import console
from watchkeeper.commands.acting import acting
from watchkeeper.commands.options import AsJson, Data
from watchkeeper.commands.rules_common import CatalogueFolder, folder_of
from watchkeeper.errors import Failure
from watchkeeper.person import As, Person
from watchkeeper.publish import linted_catalogue, sound_catalogue

HASH_LENGTH = 64
PREFIX_LENGTH_MIN = 6

Hash = Annotated[str, typer.Argument(metavar="HASH", help="The rule set's hash, or how it begins.")]
Note = Annotated[str, typer.Option(help="A word to the others.")]
Reason = Annotated[str | None, typer.Option(help="Why.", show_default=False)]


def propose(
    *,
    catalogue: CatalogueFolder = None,
    note: Note = "",
    who: As = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Put a catalogue before a second person; nothing of it counts yet."""
    person = acting(data, "risk", who)
    document = pack(linted_catalogue(folder_of(catalogue)).catalogue.rule_set())
    found = person.post("/v1/rule-sets", {"document": document, "note": note})
    if as_json:
        print(msgspec.json.encode(found).decode())
        return
    name = found["rule_set"]
    console().print(f"Rule set [bold]{name}[/] is proposed by {found['author']}.")
    if found.get("approvals"):
        console().print(f"It is approved. Publish it: watchkeeper rules apply {name[:12]}")
    else:
        console().print(f"Another person: watchkeeper rules approve {name[:12]} --as NAME")


def approve(
    rule_set: Hash, *, note: Note = "", who: As = None, data: Data = None, as_json: AsJson = False
) -> None:
    """Say yes to a rule set that another person proposed."""
    person = acting(data, "approver", who)
    name = _whole(person, rule_set)
    found = person.post(f"/v1/rule-sets/{name}/approvals", {"note": note})
    if as_json:
        print(msgspec.json.encode(found).decode())
        return
    approver = found["approvals"][-1]["approver"]
    console().print(f"{approver} approves what {found['author']} proposed: [bold]{name}[/]")
    console().print(f"Publish it: watchkeeper rules apply {name[:12]}")


def apply(
    rule_set: Annotated[
        str | None,
        typer.Argument(
            metavar="HASH", help="The rule set, or how it begins; by default the catalogue's."
        ),
    ] = None,
    *,
    rollback: Annotated[
        bool, typer.Option("--rollback", help="Go back to the rule set before; needs --reason.")
    ] = False,
    reason: Reason = None,
    catalogue: CatalogueFolder = None,
    who: As = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Publish an approved rule set: the running scorer takes it up, without a restart."""
    person = acting(data, "risk", who)
    if rollback:
        if rule_set is not None or reason is None:
            raise Failure(
                "A step back names no rule set, but a reason.",
                "watchkeeper rules apply --rollback --reason 'too many alerts'",
            )
        wish: dict[str, object] = {"act": "rollback"}
    elif rule_set is None:
        wish = {"rule_set": sound_catalogue(folder_of(catalogue)).rule_set().fingerprint()}
    else:
        wish = {"rule_set": _whole(person, rule_set)}
    found = person.post("/v1/publications", wish | ({"reason": reason} if reason else {}))
    _say(found, f"Rule set [bold]{found['rule_set']}[/] decides", as_json=as_json)


def reset(
    rule_id: Annotated[
        str, typer.Argument(metavar="RULE", help="The one that its breaker holds in shadow.")
    ],
    *,
    reason: Annotated[str, typer.Option(help="What was mended.", show_default=False)],
    who: As = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Let a rule count again that its breaker holds in shadow."""
    person = acting(data, "risk", who)
    found = person.post(f"/v1/rules/{rule_id}/resets", {"reason": reason})
    _say(found, f"{rule_id} counts", as_json=as_json)


def log(*, data: Data = None, as_json: AsJson = False) -> None:
    """What was published when and by whom, what waits for a second person, what is tripped."""
    person = acting(data, "auditor")
    found = person.get("/v1/publications") | person.get("/v1/rule-sets")
    if as_json:
        print(msgspec.json.encode(found).decode())
        return
    console().print(publishing_view.history(found))


def _whole(person: Person, given: str) -> str:
    """The hash that begins so, among those that were proposed or published."""
    if len(given) == HASH_LENGTH:
        return given
    known = _known(person)
    found = [name for name in known if name.startswith(given.lower())]
    if len(found) == 1 and len(given) >= PREFIX_LENGTH_MIN:
        return found[0]
    is_long = len(given) >= PREFIX_LENGTH_MIN
    what = f"{len(found)} rule sets begin" if is_long else "Too short: many may begin"
    raise Failure(
        f"{what} with {given}.",
        f"`watchkeeper rules log --json` has whole hashes; {PREFIX_LENGTH_MIN} characters may do.",
    )


def _known(person: Person) -> Sequence[str]:
    proposals = person.get("/v1/rule-sets?limit=500")["proposals"]
    publications = person.get("/v1/publications")["publications"]
    return sorted({each["rule_set"] for each in [*proposals, *publications]})


def _say(found: Mapping[str, Any], what: str, *, as_json: bool) -> None:
    if as_json:
        print(msgspec.json.encode(found).decode())
    else:
        console().print(f"{what} {publishing_view.taken_up(found)}")
