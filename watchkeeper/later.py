"""Sub-commands whose modules are imported when they are called: what one needs, others wait for."""

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

COMMANDS = "watchkeeper.commands"


def group_of(table: dict[str, tuple[str, str]]) -> type[TyperGroup]:
    """A group that also has these commands: by name, a module of `COMMANDS` and its function."""

    class Later(TyperGroup):
        """Knows the names; the help of the whole group imports all."""

        def __init__(self, **given: Any) -> None:  # noqa: ANN401  (typer's own)
            super().__init__(**given)
            self.commands = {**self.commands, **{name: TyperCommand(name) for name in table}}

        def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401  (typer's own)
            """The command, imported now if it was left for later."""
            if cmd_name not in table:
                return super().get_command(ctx, cmd_name)
            module, function = table[cmd_name]
            app = typer.Typer(add_completion=False)
            found = getattr(import_module(f"{COMMANDS}.{module}"), function)
            app.command(name=cmd_name)(found)
            return typer.main.get_command(app)

    return Later
