"""Run scoring on the topics that are named: what a test starts, kills and starts again."""

import sys
from dataclasses import replace

from data_contracts.topics import DECISIONS, REJECTED, TRANSACTIONS
from dataflows.scoring.__main__ import now
from dataflows.scoring.process import run
from dataflows.scoring.topics import Topics
from runtime.consumer import stop_on_signals
from runtime.settings import Settings

if __name__ == "__main__":
    log, decisions, rejected = sys.argv[1:]
    run(
        Settings(),
        stop_on_signals(),
        now,
        Topics(
            log=replace(TRANSACTIONS, name=log),
            decisions=replace(DECISIONS, name=decisions),
            rejected=replace(REJECTED, name=rejected),
        ),
    )
