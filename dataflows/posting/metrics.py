"""The numbers of posting."""

from prometheus_client import Counter, Gauge, Histogram

from ledger.values import Effects

BATCH_SECONDS = Histogram(
    "watchkeeper_posting_batch_seconds",
    "Time from messages in memory to a batch in the books.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0),
)
BATCH_ROWS = Histogram(
    "watchkeeper_posting_batch_rows",
    "Decisions in a batch.",
    buckets=(1, 10, 50, 100, 250, 500, 1000, 2000),
)
OUTCOMES = Counter(
    "watchkeeper_posting_outcomes_total", "Transactions settled, by outcome.", ["status"]
)
UNREADABLE = Counter(
    "watchkeeper_posting_unreadable_total", "Messages that became dead letters.", ["topic"]
)
RESOLVED = Counter("watchkeeper_posting_holds_ended_total", "Holds that ended, by kind.", ["kind"])
POSITION = Gauge(
    "watchkeeper_posting_position", "Highest position of the log that is booked.", ["cell"]
)
LAG = Gauge("watchkeeper_posting_lag_messages", "Decisions that wait to be booked.", ["cell"])
UNFORGOTTEN = Counter(
    "watchkeeper_posting_unforgotten_total",
    "Batches whose copies of balances could not be ended in Redis; they end by themselves.",
)


def count(effects: Effects) -> None:
    """Add what a batch did."""
    for status, number in effects.counts().items():
        OUTCOMES.labels(status).inc(number)
    for resolved in effects.resolved:
        RESOLVED.labels(resolved.resolution.kind.value).inc()
