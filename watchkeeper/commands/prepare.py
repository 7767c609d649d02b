"""`watchkeeper prepare`: topics, schema and first rules in servers of one's own."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from data_contracts.topics import TOPICS
from runtime import migrations
from watchkeeper.errors import Failure
from watchkeeper.stack.servers import kafka as kafka_server
from watchkeeper.stack.servers import postgres as postgres_server
from watchkeeper.stack.shipped_rules import publish_shipped_rules
from watchkeeper.stack.topics import make_topics

app = typer.Typer()


@app.command()
def prepare(
    *,
    kafka: Annotated[str, typer.Option(envvar="WATCHKEEPER_KAFKA", help="HOST:PORT of a broker")],
    postgres: Annotated[
        str,
        typer.Option(
            envvar="WATCHKEEPER_POSTGRES",
            help="libpq connection string of the owner of the database",
            show_default=False,
        ),
    ],
    cells: Annotated[
        int, typer.Option(envvar="WATCHKEEPER_CELLS", min=1, max=64, help="partitions of the log")
    ] = 1,
) -> None:
    """Make what is missing; safe to call twice. The embedded stack does it by itself."""
    if not kafka_server.is_ready(kafka):
        raise Failure(f"No Kafka answers at {kafka}.", "Check the address, and that it runs.")
    if not postgres_server.is_ready(postgres):
        raise Failure("Postgres does not let us in.", "Check --postgres or WATCHKEEPER_POSTGRES.")
    make_topics(kafka, cells=cells)
    typer.echo(f"All {len(TOPICS)} topics are there.")
    migrations.upgrade(postgres)
    typer.echo("The schema is at its newest revision.")
    published = publish_shipped_rules(kafka, postgres, cells, datetime.now(UTC))
    typer.echo("The shipped rules are published." if published else "Rules are published already.")
