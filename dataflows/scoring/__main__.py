"""`python -m dataflows.scoring`: score the log until SIGTERM; a failure ends the process."""

from datetime import UTC, datetime

from dataflows.scoring.process import run
from runtime import metrics
from runtime.consumer import stop_on_signals
from runtime.settings import Settings


def main() -> None:
    """Read settings and clock, and run."""
    settings = Settings()
    metrics.serve(settings.metrics_port, settings.metrics_host)
    run(settings, stop_on_signals(), lambda: datetime.now(UTC))


if __name__ == "__main__":
    main()
