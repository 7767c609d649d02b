"""The numbers of the archiver."""

from prometheus_client import Counter, Gauge, Histogram

POSITION = Gauge(
    "watchkeeper_archiving_position", "Highest position of the log that is archived.", ["cell"]
)
ROWS = Counter("watchkeeper_archiving_rows_total", "Rows that were added to the archive.", ["cell"])
COPIES = Counter(
    "watchkeeper_archiving_copies_total",
    "Rows that were marked as a copy of an earlier one.",
    ["cell"],
)
UNREADABLE = Counter(
    "watchkeeper_archiving_unreadable_total",
    "Messages of the decisions that are none; alerting keeps them as dead letters.",
    ["cell"],
)
APPEND_SECONDS = Histogram(
    "watchkeeper_archiving_append_seconds",
    "Time from messages in memory to rows in the archive.",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0),
)
TIDY_SECONDS = Histogram(
    "watchkeeper_archiving_tidy_seconds",
    "Time taken to put files together and clean up.",
    buckets=(0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0),
)
