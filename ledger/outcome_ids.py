"""Which transactions have an outcome, for whoever compares books, log and archive by id."""

import numpy as np
from numpy.typing import NDArray

from data_contracts.outcome import OutcomeStatus
from runtime.copying import BIGINT, INTEGER, SMALLINT, UUID, packed
from runtime.postgres import Connection

STATUSES = tuple(OutcomeStatus)

OUTCOMES = """
SELECT string_agg(
    int4send(cell) || int8send(position) || uuid_send(event_id)
        || int2send(array_position(ARRAY['posted', 'held', 'refused', 'declined'], status)::int2)
        || int8send(amount_minor),
    ''::bytea)
FROM ledger.outcomes
GROUP BY position / 1000000
"""


def outcome_ids(connection: Connection) -> NDArray[np.void]:
    """A row `(cell, position, event_id, status, amount_minor)` for each.

    `STATUSES[status - 1]` is the name of the status.
    """
    columns = {
        "cell": INTEGER,
        "position": BIGINT,
        "event_id": UUID,
        "status": SMALLINT,
        "amount_minor": BIGINT,
    }
    return packed(connection, OUTCOMES, columns)


def watermarks(connection: Connection) -> dict[tuple[str, int], tuple[int, int]]:
    """How far each partition is booked: position, and where it is read on."""
    rows = connection.execute(
        "SELECT topic, partition, position, next_offset FROM ledger.watermarks"
    )
    return {(topic, partition): (position, offset) for topic, partition, position, offset in rows}
