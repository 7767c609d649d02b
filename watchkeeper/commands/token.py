"""`watchkeeper token`: a bearer token for the running stack, for development."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from api.permissions import Role
from runtime.tokens import LIFETIME_MAX, Bearer, make_token
from watchkeeper.commands.options import Data
from watchkeeper.settings import data_folder
from watchkeeper.stack import descriptor

MINUTES_MAX = int(LIFETIME_MAX.total_seconds() // 60)

app = typer.Typer()


def _plain(value: str | None) -> str | None:
    if value is None or (value.isascii() and value.isprintable() and " " not in value and value):
        return value
    raise typer.BadParameter("use printable ASCII without spaces")


@app.command()
def token(
    *,
    role: Annotated[Role, typer.Option(help="Whom it speaks for.")] = Role.SERVICE,
    sub: Annotated[
        str,
        typer.Option(
            callback=_plain, help="The subject; for a customer, the customer_id of its accounts."
        ),
    ] = "developer",
    branch: Annotated[
        str | None, typer.Option(callback=_plain, help="The branch of a teller.")
    ] = None,
    tenant: Annotated[
        str | None, typer.Option(callback=_plain, help="By default the stack's own.")
    ] = None,
    minutes: Annotated[int, typer.Option(min=1, max=MINUTES_MAX, help="How long it lives.")] = 60,
    data: Data = None,
) -> None:
    """Print a token; send it as `Authorization: Bearer <token>`."""
    stack = descriptor.load(data_folder(data))
    bearer = Bearer(subject=sub, tenant=tenant or stack.tenant, role=role, branch=branch)
    print(make_token(stack.settings(), bearer, datetime.now(UTC), timedelta(minutes=minutes)))
