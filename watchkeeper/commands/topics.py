"""`watchkeeper topics`: the topics as the contracts want them, in a Kafka of one's own."""

from typing import Annotated

import typer

from data_contracts.topics import TOPICS
from watchkeeper.errors import Failure
from watchkeeper.stack.servers import kafka as kafka_server
from watchkeeper.stack.topics import make_topics

app = typer.Typer()


@app.command()
def topics(
    *,
    kafka: Annotated[str, typer.Option(envvar="WATCHKEEPER_KAFKA", help="HOST:PORT of a broker")],
    cells: Annotated[
        int, typer.Option(envvar="WATCHKEEPER_CELLS", min=1, max=64, help="partitions of the log")
    ] = 1,
) -> None:
    """Make the topics that are missing; those that are there stay as they are."""
    if not kafka_server.is_ready(kafka):
        raise Failure(f"No Kafka answers at {kafka}.", "Check the address, and that it runs.")
    make_topics(kafka, cells=cells)
    typer.echo(f"All {len(TOPICS)} topics are there.")
