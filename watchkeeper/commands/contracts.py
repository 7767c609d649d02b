"""`watchkeeper contracts`: read the published contracts, and refuse to break them."""

from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from data_contracts import compatibility, documents, schemas
from data_contracts.compatibility import Change, Effect
from data_contracts.contracts import CONTRACTS, Contract, NoSuchContract, named
from data_contracts.facts import Fact

app = typer.Typer(no_args_is_help=True, help="Read the data contracts, and refuse to break them.")

COLOURS = {Effect.NONE: "green", Effect.WARNING: "yellow", Effect.BREAKING: "red"}
RANGES = (("minLength", "maxLength", " characters"), ("minimum", "maximum", ""))


def _contract(name: str) -> Contract:
    try:
        return named(name)
    except NoSuchContract as error:
        raise typer.BadParameter(str(error)) from None


Named = Annotated[
    Contract, typer.Argument(parser=_contract, metavar="CONTRACT", help="Such as transactions.")
]


@app.command(name="list")
def show_all() -> None:
    """Name every contract, its version and what it is for."""
    table = Table("contract", "version", "purpose", box=None)
    for contract in CONTRACTS:
        purpose = str(documents.load(contract)["description"]["purpose"])
        table.add_row(contract.name, documents.version(contract), purpose.strip())
    Console().print(table)


@app.command()
def show(contract: Named) -> None:
    """Print the fields of a contract: type, whether required, limits, meaning."""
    table = Table("field", "type", "required", "allowed", "meaning", box=None)
    for path, found in documents.properties(contract).items():
        fact = found.fact
        meaning = escape(found.description)
        kinds = " | ".join(sorted(fact.types))
        table.add_row(path, kinds, "yes" if fact.is_required else "", _allowed(fact), meaning)
    console = Console()
    console.print(f"[bold]{contract.name}[/] {documents.version(contract)}  {contract.document}")
    console.print(table)


def _allowed(fact: Fact) -> str:
    if fact.values:
        return ", ".join(sorted(fact.values))
    parts = [
        f"{fact.limits.get(low, 0)} to {fact.limits[high]}{unit}"
        for low, high, unit in RANGES
        if high in fact.limits
    ]
    return "; ".join(parts)


@app.command()
def check() -> None:
    """Compare with what was published; exit with 1 where a change would break a reader."""
    changes = compatibility.check()
    if not changes:
        typer.echo(f"All {len(CONTRACTS)} contracts are as they were published.")
        return
    _print(changes)
    if compatibility.worst(changes) is Effect.BREAKING:
        typer.echo(
            "A published contract is broken. Keep the old field beside the new one, or make a"
            " contract and a topic of a new version (transactions.v2)."
        )
        raise typer.Exit(1)
    typer.echo("Nothing breaks. `watchkeeper contracts publish` makes this the new promise.")


def _print(changes: list[Change]) -> None:
    table = Table("effect", "contract", "field", "change", box=None)
    for change in sorted(changes, key=lambda change: -change.effect):
        effect = f"[{COLOURS[change.effect]}]{change.effect.name.lower()}[/]"
        table.add_row(effect, change.contract, change.field, change.what)
    Console().print(table)


@app.command()
def write() -> None:
    """Write the JSON Schemas anew from the structs and the ODCS documents."""
    for contract in CONTRACTS:
        contract.json_schema.write_text(schemas.text(schemas.json_schema(contract)))
        typer.echo(contract.json_schema)


@app.command()
def publish() -> None:
    """Make today's contracts the promise that later ones are held against; refuses a break."""
    changes = compatibility.check()
    if compatibility.worst(changes) is Effect.BREAKING:
        _print(changes)
        typer.echo("Not published: see `watchkeeper contracts check`.")
        raise typer.Exit(1)
    for contract in CONTRACTS:
        file = compatibility.file_of(contract)
        file.write_text(schemas.text(schemas.json_schema(contract)))
        typer.echo(file)
