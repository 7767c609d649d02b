"""`python -m dataflows.archiving`: archive until SIGTERM; what fails ends the process."""

import gc
from datetime import UTC, datetime

from dataflows.archiving.process import run
from runtime import metrics
from runtime.consumer import stop_on_signals
from runtime.settings import Settings

# A batch makes tens of thousands of values that die with it and hold no cycles.
COLLECT_AFTER = (100_000, 50, 100)


def main() -> None:
    """Read settings and clock, and run."""
    settings = Settings()
    metrics.serve(settings.metrics_port, settings.metrics_host)
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)
    run(settings, stop_on_signals(), lambda: datetime.now(UTC))


if __name__ == "__main__":
    main()
