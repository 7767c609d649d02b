"""`python -m dataflows.posting`: book until SIGTERM; what fails ends the process."""

import gc
import time
from datetime import UTC, datetime

from dataflows.posting.process import run
from dataflows.posting.surroundings import Surroundings, Topics
from runtime import metrics
from runtime.consumer import stop_on_signals
from runtime.settings import Settings

# A batch makes tens of thousands of values that die with it and hold no cycles.
COLLECT_AFTER = (100_000, 50, 100)


def now() -> datetime:
    """The clock of the books: UTC in milliseconds."""
    instant = datetime.now(UTC)
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)


def main() -> None:
    """Read settings and clocks, and run."""
    settings = Settings()
    metrics.serve(settings.metrics_port, settings.metrics_host)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)
    run(
        Surroundings(
            brokers=settings.kafka,
            dsn=settings.postgres.get_secret_value(),
            topics=Topics(),
            stopped=stop_on_signals(),
            now=now,
            clock=time.monotonic,
        ),
        settings.cells,
    )


if __name__ == "__main__":
    main()
