"""Many small rows out of Postgres at once, as an array: the server strings their bytes together."""

from collections.abc import Mapping
from typing import LiteralString

import numpy as np
from numpy.typing import NDArray

from runtime.postgres import Connection

INTEGER, BIGINT, SMALLINT, UUID = ">i4", ">i8", ">i2", "V16"


def packed(
    connection: Connection, query: LiteralString, columns: Mapping[str, str]
) -> NDArray[np.void]:
    """The rows that a query gives as one `bytea` per group, each of them the columns end to end.

    Asking row by row costs 7 us each in Python; a value of Postgres may have 1 GB, so group.
    """
    with connection.cursor(binary=True) as cursor:
        raw = b"".join(row[0] for row in cursor.execute(query))
    return np.frombuffer(raw, np.dtype(list(columns.items())))
