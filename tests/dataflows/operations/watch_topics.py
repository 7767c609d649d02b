"""Run the monitor on the topics that are named, its clock set: what a test starts and kills."""

import sys
import time
from dataclasses import replace
from datetime import datetime, timedelta

from data_contracts.topics import ALERTS, DECISIONS, REJECTED, TRANSACTIONS
from dataflows.operations.process import run
from dataflows.operations.source import Topics
from runtime.consumer import stop_on_signals
from runtime.settings import Settings

if __name__ == "__main__":
    start = datetime.fromisoformat(sys.argv[1])
    log, decisions, rejected, alerts = sys.argv[2:]
    started = time.monotonic()
    run(
        Settings(),
        stop_on_signals(),
        lambda: start + timedelta(seconds=time.monotonic() - started),
        Topics(
            log=replace(TRANSACTIONS, name=log),
            decisions=replace(DECISIONS, name=decisions),
            rejected=replace(REJECTED, name=rejected),
        ),
        replace(ALERTS, name=alerts),
    )
