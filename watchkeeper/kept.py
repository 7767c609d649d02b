"""What a stack keeps for good: its archive and its books, for commands that read both."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from psycopg import OperationalError

from runtime.archive import active_files
from runtime.postgres import Connection, connect
from watchkeeper.errors import Failure
from watchkeeper.stack.descriptor import Descriptor


def archive_of(descriptor: Descriptor) -> Path:
    """The folder of the table, or `Failure` where nothing was archived yet."""
    folder = Path(descriptor.data) / "archive" / "transactions"
    if not folder.exists() or not active_files(folder):
        raise Failure(
            f"There is no decision in the archive of {descriptor.data}.",
            "Send some transactions with `watchkeeper simulate`; they are archived within seconds.",
        )
    return folder


@contextmanager
def books_of(descriptor: Descriptor, name: str) -> Iterator[Connection]:
    """A connection to the books, or `Failure` where the database is away."""
    try:
        with connect(descriptor.postgres, name) as connection:
            yield connection
    except OperationalError as error:
        raise Failure(
            f"The database of the stack does not answer: {str(error).splitlines()[0]}.",
            f"`watchkeeper up --detach --data {descriptor.data}` starts it; its data are kept.",
        ) from None
