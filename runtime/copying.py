"""Many small rows out of Postgres at once, as an array: COPY in its binary form."""

from typing import LiteralString

import numpy as np
from numpy.typing import NDArray

from runtime.postgres import Connection

# Signature, flags and length of the extension before the rows; a count of -1 behind them.
HEADER_BYTES, TRAILER_BYTES = 19, 2

INTEGER, BIGINT, SMALLINT, UUID = ">i4", ">i8", ">i2", "V16"


def copied(
    connection: Connection, query: LiteralString, columns: dict[str, str]
) -> NDArray[np.void]:
    """The rows of a query whose columns all have a fixed size and are never null."""
    kind = np.dtype(
        [
            ("", ">i2"),
            *(part for name, kind in columns.items() for part in (("", ">i4"), (name, kind))),
        ]
    )
    with connection.cursor() as cursor, cursor.copy(f"COPY ({query}) TO STDOUT BINARY") as copy:
        raw = b"".join(copy)
    rows: NDArray[np.void] = np.frombuffer(raw[HEADER_BYTES:-TRAILER_BYTES], kind)
    return rows
