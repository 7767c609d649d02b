"""The topics: what travels on them, in how many partitions, how large and for how long."""

from dataclasses import dataclass

MEBIBYTE = 1024 * 1024
DAY_MS = 24 * 3600 * 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A topic as it has to be made; `is_by_cell` says that it has one partition per cell."""

    name: str
    retention_ms: int
    message_bytes_max: int = MEBIBYTE
    is_by_cell: bool = True


TRANSACTIONS = Topic(
    name="transactions.v1",
    retention_ms=7 * DAY_MS,
    message_bytes_max=6 * MEBIBYTE,  # A rule set of 4 MiB, in base64 inside its record.
)
DECISIONS = Topic(name="decisions.v1", retention_ms=7 * DAY_MS)
REJECTED = Topic(
    name="transactions.rejected.v1",
    retention_ms=90 * DAY_MS,
    message_bytes_max=9 * MEBIBYTE,  # The largest message of the log, in base64, with its reason.
)
ALERTS = Topic(name="alerts.v1", retention_ms=30 * DAY_MS, is_by_cell=False)
RESOLUTIONS = Topic(name="resolutions.v1", retention_ms=30 * DAY_MS)

TOPICS = (TRANSACTIONS, DECISIONS, REJECTED, ALERTS, RESOLUTIONS)
