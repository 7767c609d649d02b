"""`watchkeeper`: one table of commands; a command's module is imported when it is called."""

import sys
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from typer.core import TyperCommand, TyperGroup

from watchkeeper.errors import Failure

STACK, TRAFFIC, RULES, BOOKS = "The stack", "Traffic", "Rules", "Books and history"


@dataclass(frozen=True, slots=True)
class Entry:
    """A command: its module `watchkeeper.commands.<name>` has a typer application `app`."""

    name: str
    help: str
    panel: str

    @property
    def module(self) -> str:
        """Where its typer application is."""
        return f"watchkeeper.commands.{self.name.replace('-', '_')}"


ENTRIES = (
    Entry("up", "Start the whole stack on this machine.", STACK),
    Entry("down", "Stop the stack; its data stay.", STACK),
    Entry("status", "Say what runs, how it is, and how much has been done.", STACK),
    Entry("logs", "Show the logs of the stack's processes.", STACK),
    Entry("doctor", "Find what could keep the stack from running, and how to mend it.", STACK),
    Entry("demo", "Start everything, send traffic with every attack, show where to look.", STACK),
    Entry("prepare", "Make topics, schema and first rules in servers of your own.", STACK),
    Entry("fetch", "Fetch what the stack needs beside Python packages: Kafka's jars.", STACK),
    Entry("token", "Make a token for the API, for development.", TRAFFIC),
    Entry("simulate", "Send honest traffic with planted attacks through the API.", TRAFFIC),
    Entry("ingest", "Send a file of transactions through the API.", TRAFFIC),
    Entry("bench", "Measure the whole way, or a part of it, on a stack made for it.", TRAFFIC),
    Entry("dead-letters", "List, show and replay the messages that could not be read.", TRAFFIC),
    Entry("rules", "Write, test, compare and publish rules.", RULES),
    Entry("lists", "Show block and allow lists, and change them.", RULES),
    Entry("contracts", "Read the data contracts, and refuse to break them.", RULES),
    Entry("sql", "Ask the archive in SQL.", BOOKS),
    Entry("replay", "Make a decision again from what was kept, and compare it.", BOOKS),
    Entry("verify", "Prove decisions by making them again.", BOOKS),
    Entry("ledger", "Read the books and prove that they agree.", BOOKS),
    Entry("audit", "Prove that nothing was changed behind our back.", BOOKS),
    Entry("db", "Move the database's schema forward or back.", BOOKS),
)


class Commands(TyperGroup):
    """Shows the table; imports no more than the one command that is called."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:  # noqa: ANN401  (typer's own types are private)
        """The command itself, imported now."""
        name, found, rest = super().resolve_command(ctx, args)
        return name, load(name) if found and name else None, rest


def load(name: str) -> Any:  # noqa: ANN401  (typer's own type of a command is private)
    """Import a command's module and build the command."""
    (entry,) = (entry for entry in ENTRIES if entry.name == name)
    command = typer.main.get_command(import_module(entry.module).app)
    command.name = name
    command.params = [
        param
        for param in command.params
        if param.name not in {"install_completion", "show_completion"}
    ]
    return command


def _show_version(wanted: bool) -> None:  # noqa: FBT001  (typer gives it so)
    if wanted:
        typer.echo(f"watchkeeper {version('watchkeeper')}")
        raise typer.Exit


def watchkeeper(
    *,
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Watch a bank's transactions as they happen, and prove every decision afterwards."""


def show(failure: Failure) -> None:
    """Tell a person what failed and how to mend it."""
    console = Console(stderr=True)
    console.print(f"[bold red]✗[/] {escape(str(failure))}", highlight=False, soft_wrap=True)
    if failure.mend:
        console.print(f"  [green]→[/] {escape(failure.mend)}", highlight=False, soft_wrap=True)


def main() -> None:
    """Run one command; a `Failure` is shown without a traceback and exits with 1."""
    root = typer.Typer(cls=Commands, no_args_is_help=True)
    root.callback()(watchkeeper)
    commands: Any = typer.main.get_command(root)
    for entry in ENTRIES:
        if find_spec(entry.module):
            commands.add_command(
                TyperCommand(entry.name, help=entry.help, rich_help_panel=entry.panel)
            )
    try:
        commands(prog_name="watchkeeper")
    except Failure as failure:
        show(failure)
        sys.exit(1)
