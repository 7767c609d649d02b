"""The numbers of alerting."""

from prometheus_client import Counter, Gauge, Histogram

from casework.ports import Filing

POSITION = Gauge(
    "watchkeeper_alerting_position",
    "Highest position of the log whose decision is filed, or needed no filing.",
    ["cell"],
)
ALERTS = Counter("watchkeeper_alerting_alerts_total", "Alerts that were filed.", ["kind", "quiet"])
DEAD_LETTERS = Counter(
    "watchkeeper_alerting_dead_letters_total", "Dead letters that were filed.", ["topic"]
)
PUBLICATIONS = Counter(
    "watchkeeper_alerting_publications_total", "Control records that were filed.", ["kind"]
)
FILE_SECONDS = Histogram(
    "watchkeeper_alerting_file_seconds",
    "Time taken to file a batch.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0),
)


def count(filing: Filing) -> None:
    """Count what was filed."""
    for filed in filing.alerts:
        ALERTS.labels(filed.alert.kind.value, str(filed.quieted_by is not None).lower()).inc()
    for rejected in filing.rejected:
        DEAD_LETTERS.labels(rejected.letter.topic).inc()
    for publication in filing.publications:
        PUBLICATIONS.labels(publication.kind.value).inc()
