"""`watchkeeper db`: the schema of every room, forward, back, and where it stands."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from alembic.util import CommandError
from sqlalchemy.exc import OperationalError

from runtime import migrations
from runtime.roles import Role, are_made
from watchkeeper.commands.options import Data
from watchkeeper.errors import Failure
from watchkeeper.settings import data_folder
from watchkeeper.stack.lifecycle import running
from watchkeeper.stack.rights import give

app = typer.Typer(no_args_is_help=True, help="Move the database's schema forward or back.")

Dsn = Annotated[
    str | None,
    typer.Option(
        "--postgres",
        envvar="WATCHKEEPER_POSTGRES",
        help="Connection string of the database's owner; by default the running stack's.",
        show_default=False,
    ),
]


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        raise Failure(
            f"The database does not answer as asked: {str(error.orig).strip()}",
            "Check the connection string (--postgres or $WATCHKEEPER_POSTGRES) and that it runs.",
        ) from None
    except CommandError as error:
        raise Failure(
            f"There is no such step: {error}.", f"The newest are {_line(migrations.newest())}."
        ) from None


def _dsn(postgres: str | None, data: Data) -> str:
    return postgres or running(data_folder(data)).postgres


def _line(revisions: tuple[str, ...]) -> str:
    return ", ".join(revisions) or "nothing"


@app.command()
def upgrade(
    target: Annotated[
        str, typer.Argument(metavar="REVISION", help="One, `ledger@head`, or `heads` for all.")
    ] = "heads",
    *,
    postgres: Dsn = None,
    data: Data = None,
) -> None:
    """Bring the schema to its newest revision; safe to call twice, and by two at once.

    Where the roles of the processes are made, they get their rights to what is new.
    """
    dsn = _dsn(postgres, data)
    with _explained():
        migrations.upgrade(dsn, target)
        if target == "heads" and are_made(dsn):
            give(dsn)
        typer.echo(f"The schema stands at {_line(migrations.current(dsn))}.")


@app.command()
def downgrade(
    target: Annotated[
        str, typer.Argument(metavar="REVISION", help="One, `ledger@base`, or `base` for all.")
    ],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    postgres: Dsn = None,
    data: Data = None,
) -> None:
    """Take revisions back; the data in what they made is gone."""
    dsn = _dsn(postgres, data)
    if not yes:
        typer.confirm(f"Go back to {target} and lose the data in what goes?", abort=True)
    with _explained():
        migrations.downgrade(dsn, target)
        typer.echo(f"The schema stands at {_line(migrations.current(dsn))}.")


@app.command()
def roles(*, postgres: Dsn = None, data: Data = None) -> None:
    """Make the roles of the processes, and give each what its work needs and no more.

    In a database of your own they are groups: put the logins of your processes into them.
    """
    dsn = _dsn(postgres, data)
    with _explained():
        give(dsn)
    typer.echo(f"Rights are given to {', '.join(Role)}.")


@app.command()
def sql(
    rooms: Annotated[
        list[str] | None,
        typer.Argument(metavar="ROOM", help="`ledger`, `casework`; by default both."),
    ] = None,
) -> None:
    """Print the SQL that makes the schema from nothing, for a reader or a linter."""
    for room in rooms or migrations.ROOMS:
        if room not in migrations.ROOMS:
            raise Failure(
                f"There is no schema {room}.", f"These are there: {', '.join(migrations.ROOMS)}."
            )
        typer.echo(migrations.as_sql(room))


@app.command()
def current(*, postgres: Dsn = None, data: Data = None) -> None:
    """Print where each room stands; exit with 1 where a newer revision is known here."""
    dsn = _dsn(postgres, data)
    with _explained():
        found, newest = migrations.current(dsn), migrations.newest()
    typer.echo(f"The schema stands at {_line(found)}.")
    missing = tuple(sorted(set(newest) - set(found)))
    if missing:
        raise Failure(f"Not applied yet: {_line(missing)}.", "Run `watchkeeper db upgrade`.")
