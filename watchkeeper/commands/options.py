"""Options that several commands have."""

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[
    Path | None,
    typer.Option(
        help="Folder of the stack; by default $WATCHKEEPER_DATA or .watchkeeper.",
        show_default=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="One line of JSON, for programs.")]
