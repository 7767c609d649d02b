"""Run posting on the topics that are named: what a test starts, kills and starts again."""

import sys
import time
from dataclasses import replace

from data_contracts.topics import ALERTS, DECISIONS, REJECTED, RESOLUTIONS
from dataflows.posting.__main__ import now
from dataflows.posting.process import run
from dataflows.posting.surroundings import Surroundings, Topics
from runtime.consumer import stop_on_signals
from runtime.settings import Settings

if __name__ == "__main__":
    decisions, resolutions, rejected, alerts = sys.argv[1:]
    settings = Settings()
    run(
        Surroundings(
            brokers=settings.kafka,
            dsn=settings.postgres.get_secret_value(),
            topics=Topics(
                decisions=replace(DECISIONS, name=decisions),
                resolutions=replace(RESOLUTIONS, name=resolutions),
                rejected=replace(REJECTED, name=rejected),
                alerts=replace(ALERTS, name=alerts),
            ),
            stopped=stop_on_signals(),
            now=now,
            clock=time.monotonic,
        ),
        settings.cells,
    )
