"""Which transactions raised an alert, for whoever compares casework, log and archive by id."""

import numpy as np
from numpy.typing import NDArray

from runtime.copying import BIGINT, INTEGER, UUID, packed
from runtime.postgres import Connection

ALERTS = """
SELECT string_agg(int4send(cell) || int8send(position) || uuid_send(event_id), ''::bytea)
FROM casework.alerts
WHERE kind = 'transaction'
GROUP BY position / 1000000
"""


def alert_ids(connection: Connection) -> NDArray[np.void]:
    """A row `(cell, position, event_id)` for each."""
    return packed(connection, ALERTS, {"cell": INTEGER, "position": BIGINT, "event_id": UUID})


def alert_count(connection: Connection) -> int:
    """How many alerts were ever raised, those about the traffic itself too."""
    row = connection.execute("SELECT count(*) FROM casework.alerts").fetchone()
    return int(row[0]) if row else 0


def watermarks(connection: Connection) -> dict[tuple[str, int], tuple[int, int]]:
    """How far each partition is filed: position, and where it is read on."""
    rows = connection.execute(
        "SELECT topic, partition, position, next_offset FROM casework.watermarks"
    )
    return {(topic, partition): (position, offset) for topic, partition, position, offset in rows}
