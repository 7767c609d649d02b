"""`python -m dataflows.alerting`: file alerts until SIGTERM; what fails ends the process."""

from dataflows.alerting.process import run
from runtime import metrics
from runtime.consumer import stop_on_signals
from runtime.settings import Settings


def main() -> None:
    """Read settings and run."""
    settings = Settings()
    metrics.serve(settings.metrics_port, settings.metrics_host)
    run(settings, stop_on_signals())


if __name__ == "__main__":
    main()
