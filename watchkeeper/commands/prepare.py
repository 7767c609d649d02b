"""`watchkeeper prepare`: topics, schema, roles and first rules in servers of one's own."""

from datetime import UTC, datetime
from typing import Annotated

import msgspec
import typer

from data_contracts.topics import TOPICS
from runtime import migrations
from runtime.roles import Role, are_made
from watchkeeper.errors import Failure
from watchkeeper.stack.rights import give
from watchkeeper.stack.servers import kafka as kafka_server
from watchkeeper.stack.servers import postgres as postgres_server
from watchkeeper.stack.shipped_rules import publish_shipped_rules
from watchkeeper.stack.topics import make_topics

app = typer.Typer()


@app.command()
def prepare(
    *,
    kafka: Annotated[str, typer.Option(envvar="WATCHKEEPER_KAFKA", help="HOST:PORT of a broker.")],
    postgres: Annotated[
        str,
        typer.Option(
            envvar="WATCHKEEPER_POSTGRES",
            help="Connection string of the database's owner, as libpq takes it.",
            show_default=False,
        ),
    ],
    cells: Annotated[
        int, typer.Option(envvar="WATCHKEEPER_CELLS", min=1, max=64, help="Partitions of the log.")
    ] = 1,
    role_passwords: Annotated[
        str,
        typer.Option(
            envvar="WATCHKEEPER_ROLE_PASSWORDS",
            help="JSON object of a role's name and its password: those roles may log in.",
            show_default=False,
        ),
    ] = "{}",
) -> None:
    """Make what is missing; safe to call twice. The embedded stack does it by itself."""
    passwords = _passwords(role_passwords)
    if not kafka_server.is_ready(kafka):
        raise Failure(f"No Kafka answers at {kafka}.", "Check the address, and that it runs.")
    if not postgres_server.is_ready(postgres):
        raise Failure("Postgres does not let us in.", "Check --postgres or WATCHKEEPER_POSTGRES.")
    make_topics(kafka, cells=cells)
    typer.echo(f"All {len(TOPICS)} topics are there.")
    migrations.upgrade(postgres)
    typer.echo("The schema is at its newest revision.")
    if passwords or are_made(postgres):
        give(postgres, passwords)
        typer.echo("Each role has its rights.")
    published = publish_shipped_rules(kafka, postgres, cells, datetime.now(UTC))
    typer.echo("The shipped rules are published." if published else "Rules are published already.")


def _passwords(text: str) -> dict[Role, str]:
    try:
        return msgspec.json.decode(text or "{}", type=dict[Role, str])
    except msgspec.DecodeError:
        raise Failure(
            "The passwords of the roles cannot be read.",
            'Give --role-passwords or WATCHKEEPER_ROLE_PASSWORDS as {"watchkeeper_api": "…"}; '
            f"there are {', '.join(Role)}.",
        ) from None
