"""The numbers of the monitor."""

from prometheus_client import Counter, Gauge

OBSERVED = Counter(
    "watchkeeper_operations_observed_total", "Messages that were counted.", ["stream"]
)
LATE = Gauge(
    "watchkeeper_operations_late",
    "Messages that came after their window had closed; counted aside, in no window.",
    ["stream"],
)
UNREADABLE = Counter(
    "watchkeeper_operations_unreadable_total",
    "Messages that could not be decoded; scoring writes them to the dead letters.",
    ["stream"],
)
AHEAD = Counter(
    "watchkeeper_operations_ahead_total",
    "Messages dated more than a minute ahead of their own arrival; in no window.",
    ["stream"],
)
WATERMARK = Gauge(
    "watchkeeper_operations_watermark_seconds",
    "Up to which time (epoch) the windows over a stream are closed.",
    ["stream"],
)
WAITING = Gauge(
    "watchkeeper_operations_waiting", "Transactions of the log without a decision yet.", ["cell"]
)
POSITION = Gauge(
    "watchkeeper_operations_position", "The position up to which all has been watched.", ["cell"]
)
TRIPS = Counter("watchkeeper_operations_trips_total", "Rules that were put into shadow.", ["rule"])
ALERTS = Counter("watchkeeper_operations_alerts_total", "Alerts that were raised.", ["rule"])
