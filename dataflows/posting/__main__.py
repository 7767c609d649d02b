"""`python -m dataflows.posting`: book until SIGTERM; what fails ends the process."""

import time
from datetime import UTC, datetime, timedelta

from dataflows.posting.forgetting import WAIT_SECONDS, Forgetter
from dataflows.posting.process import collect_rarely, run
from dataflows.posting.surroundings import Surroundings, Topics
from runtime import metrics
from runtime.consumer import stop_on_signals
from runtime.redis import connect_thread
from runtime.settings import Settings


def now() -> datetime:
    """The clock of the books: UTC in milliseconds."""
    instant = datetime.now(UTC)
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)


def main() -> None:
    """Read settings and clocks, and run."""
    settings = Settings()
    metrics.serve(settings.metrics_port, settings.metrics_host)
    collect_rarely()
    redis = connect_thread(settings.redis.get_secret_value(), "watchkeeper-posting", WAIT_SECONDS)
    run(
        Surroundings(
            brokers=settings.kafka,
            dsn=settings.postgres.get_secret_value(),
            topics=Topics(),
            stopped=stop_on_signals(),
            now=now,
            clock=time.monotonic,
            hold_limit=timedelta(hours=settings.hold_hours),
            forget=Forgetter(redis, time.monotonic),
        ),
        settings.cells,
    )


if __name__ == "__main__":
    main()
