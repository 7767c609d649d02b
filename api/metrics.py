"""What the API counts; one registry per application, so that nothing is shared by accident."""

from prometheus_client import CollectorRegistry, Counter, GCCollector, Histogram, ProcessCollector

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """Every metric of the API, each with its help."""

    def __init__(self) -> None:
        """Declare them all in a registry of their own."""
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self.requests = self._counter(
            "requests_total", "Requests answered, by route and status.", "route", "status"
        )
        self.seconds = Histogram(
            "watchkeeper_api_request_seconds",
            "From the head of a request to the end of its answer, by route.",
            ("route",),
            buckets=SECONDS,
            registry=self.registry,
        )
        self.transactions = self._counter(
            "transactions_total", "Transactions by what became of them at the door.", "result"
        )
        self.refusals = self._counter(
            "refusals_total", "Requests and items of batches refused, by problem.", "code"
        )
        self.degraded = self._counter(
            "idempotency_degraded_total", "Requests served without the memory of natural ids."
        )
        self.balance_reads = self._counter(
            "balance_reads_total",
            "Balances of now by where they came from: cache, books, or books with the cache away.",
            "source",
        )
        self.log_failures = self._counter(
            "log_failures_total", "Requests whose transactions the log did not acknowledge."
        )

    def _counter(self, name: str, help_text: str, *labels: str) -> Counter:
        return Counter(f"watchkeeper_api_{name}", help_text, labels, registry=self.registry)
