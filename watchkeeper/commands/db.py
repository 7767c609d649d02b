"""`watchkeeper db`: the schema of every room, forward, back, and where it stands."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from alembic.util import CommandError
from sqlalchemy.exc import OperationalError

from runtime import migrations

app = typer.Typer(no_args_is_help=True, help="Move the database's schema forward or back.")

Dsn = Annotated[
    str,
    typer.Option(
        "--postgres",
        envvar="WATCHKEEPER_POSTGRES",
        help="libpq connection string of the owner of the database",
        show_default=False,
    ),
]


@contextmanager
def _explained() -> Iterator[None]:
    """Say what went wrong and how to mend it, then leave with 1."""
    try:
        yield
    except OperationalError as error:
        typer.echo(
            f"The database does not answer as asked: {error.orig}\n"
            "Check the connection string (--postgres or WATCHKEEPER_POSTGRES) and that it runs.",
            err=True,
        )
        raise typer.Exit(1) from None
    except CommandError as error:
        typer.echo(f"No such step: {error}\nKnown heads: {_line(migrations.newest())}", err=True)
        raise typer.Exit(1) from None


def _line(revisions: tuple[str, ...]) -> str:
    return ", ".join(revisions) or "nothing"


@app.command()
def upgrade(
    postgres: Dsn,
    target: Annotated[str, typer.Argument(help="a revision, `ledger@head`, or all")] = "heads",
) -> None:
    """Bring the schema to its newest revision; safe to call twice, and by two at once."""
    with _explained():
        migrations.upgrade(postgres, target)
        typer.echo(f"The schema stands at {_line(migrations.current(postgres))}.")


@app.command()
def downgrade(
    postgres: Dsn,
    target: Annotated[str, typer.Argument(help="a revision, `ledger@base`, or `base` for all")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="do not ask")] = False,
) -> None:
    """Take revisions back; the data in what they made is gone."""
    if not yes:
        typer.confirm(f"Go back to {target} and lose the data in what goes?", abort=True)
    with _explained():
        migrations.downgrade(postgres, target)
        typer.echo(f"The schema stands at {_line(migrations.current(postgres))}.")


@app.command()
def current(postgres: Dsn) -> None:
    """Print where each room stands; exit with 1 where a newer revision is known here."""
    with _explained():
        found, newest = migrations.current(postgres), migrations.newest()
    typer.echo(f"The schema stands at {_line(found)}.")
    missing = tuple(sorted(set(newest) - set(found)))
    if missing:
        typer.echo(f"Not applied: {_line(missing)}; run `watchkeeper db upgrade`.")
        raise typer.Exit(1)
