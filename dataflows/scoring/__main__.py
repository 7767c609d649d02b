"""`python -m dataflows.scoring`: score the log until SIGTERM; a failure ends the process."""

from datetime import UTC, datetime

from dataflows.scoring.compile_kernels import compile_kernels
from dataflows.scoring.process import run
from runtime import metrics
from runtime.consumer import stop_on_signals
from runtime.settings import Settings


def now() -> datetime:
    """The time of day."""
    return datetime.now(UTC)


def main() -> None:
    """Read settings and clock, and run."""
    settings = Settings()
    compile_kernels()  # First, so that a process that answers is one that scores at once.
    metrics.serve(settings.metrics_port, settings.metrics_host)
    run(settings, stop_on_signals(), now)


if __name__ == "__main__":
    main()
